"""JSON Schemas (2020-12) of the public documents, generated from the records.

The records' types are the constraints, their docstrings the descriptions. A file says the same as
msgspec does: what one refuses the other refuses. Two things JSON Schema cannot say by itself are
left to the judge, `handwritten.validator`: `1.0` is no integer, and dates are dates.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from shopace.core.errors import Problem
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.intake import IntakeJob
from shopace.core.records.job import BlockReport, Event, Job
from shopace.core.records.metrics import Legend, MetricValues
from shopace.core.records.run import RunReport
from shopace.core.records.traffic import (
    ProductContents,
    ProductList,
    ProductTraffic,
    ProductTrend,
)
from shopace.core.vocabulary.incentives import ProgrammeFile
from shopace.service.catalog.records import Catalogue

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MARK = "generated from the records: shopace schemas --write"


class Document(NamedTuple):
    """A public document: its name, the major version of its schema, and its record."""

    name: str
    major: int
    record: type[msgspec.Struct]
    title: str

    @property
    def id(self) -> str:
        return f"urn:shopace:schema:{self.name}:{self.major}"

    @property
    def file(self) -> str:
        return f"{self.name}.schema.json"


DOCUMENTS = (
    Document("diagnosis", 1, Diagnosis, "Diagnosis of a shop"),
    Document("metrics", 1, MetricValues, "Every metric of a shop, by position"),
    Document("legend", 1, Legend, "What the positions of a metrics document mean"),
    Document("event", 1, Event, "An entry of the event stream"),
    Document("job", 1, Job, "One message of the queue"),
    Document("run", 1, RunReport, "A run, how far it is and what came of it"),
    Document("block-report", 1, BlockReport, "What a block of a run came to"),
    Document("intake", 1, IntakeJob, "A request to diagnose a shop, from any program"),
    Document("catalogue", 1, Catalogue, "Every metric, benchmark and task there is"),
    Document("incentives", 1, ProgrammeFile, "Incentive programmes, as operations write them"),
    Document("product-list", 1, ProductList, "Products of a shop, ranked in one content format"),
    Document("product-traffic", 1, ProductTraffic, "Traffic of a product, or of all products"),
    Document("product-contents", 1, ProductContents, "LIVEs, videos and creators of a product"),
    Document("product-trend", 1, ProductTrend, "One or two metrics of a product, day by day"),
)


def folder() -> Path:
    """Where the schemas lie: package data."""
    return Path(str(files("shopace.schemas")))


def generate() -> dict[str, str]:
    """File name → content, the same on every machine."""
    return {
        each.file: json.dumps(_schema(each), indent=2, ensure_ascii=False) + "\n"
        for each in DOCUMENTS
    }


def write(into: Path) -> list[Path]:
    """Write every schema that is not up to date; gives the paths written."""
    written = []
    for name, content in generate().items():
        path = into / name
        if not path.exists() or path.read_text("utf-8") != content:
            path.write_text(content, "utf-8")
            written.append(path)
    return written


def check(within: Path) -> list[Problem]:
    """Every schema that is missing, stale, or that no record stands behind."""
    wanted = generate()
    problems = []
    for name, content in wanted.items():
        path = within / name
        if not path.exists():
            problems.append(Problem(where=f"schemas/{name}", what="is missing"))
        elif path.read_text("utf-8") != content:
            problems.append(Problem(where=f"schemas/{name}", what="is not what the records say"))
    problems += [
        Problem(where=f"schemas/{path.name}", what="no record stands behind it")
        for path in sorted(within.glob("*.schema.json"))
        if path.name not in wanted and _MARK in path.read_text("utf-8")
    ]
    return problems


def _schema(document: Document) -> dict[str, Any]:
    (root,), components = msgspec.json.schema_components(
        [document.record], ref_template="#/$defs/{name}"
    )
    records = _records(document.record)
    definitions = {
        name: _described(component, records.get(name)) for name, component in components.items()
    }
    return {
        "$schema": DIALECT,
        "$id": document.id,
        "$comment": _MARK,
        "title": document.title,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _records(record: type[msgspec.Struct]) -> dict[str, type]:
    """Name → class of every struct and enum that `record` reaches."""
    found: dict[str, type] = {}

    def visit(node: object) -> None:
        match node:
            case msgspec.inspect.StructType(cls=cls, fields=fields):
                if cls.__name__ not in found:
                    found[cls.__name__] = cls
                    for field in fields:
                        visit(field.type)
            case msgspec.inspect.EnumType(cls=cls):
                found[cls.__name__] = cls
            case msgspec.inspect.UnionType(types=types):
                for each in types:
                    visit(each)
            case msgspec.inspect.DictType(key_type=key, value_type=value):
                visit(key)
                visit(value)
            case (
                msgspec.inspect.VarTupleType(item_type=item)
                | msgspec.inspect.ListType(item_type=item)
            ):
                visit(item)
            case _:
                pass

    visit(msgspec.inspect.type_info(record))
    return found


def _described(component: dict[str, Any], record: type | None) -> dict[str, Any]:
    """The component with what msgspec leaves out: field descriptions, and enum keys of maps."""
    if "description" in component:
        component["description"] = inspect.cleandoc(component["description"])
    if record is None or issubclass(record, Enum):
        return component
    told = _field_docs(record)
    for field in msgspec.inspect.type_info(record).fields:  # type: ignore[attr-defined]  # a struct
        prop = component["properties"][field.encode_name]
        if isinstance(field.type, msgspec.inspect.DictType) and isinstance(
            field.type.key_type, msgspec.inspect.EnumType
        ):
            prop["propertyNames"] = {"$ref": f"#/$defs/{field.type.key_type.cls.__name__}"}
        if field.name in told:
            component["properties"][field.encode_name] = {
                "description": told[field.name],
                **prop,
            }
    return component


def _field_docs(record: type) -> dict[str, str]:
    """Field → the docstring below it."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(record))).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101  # getsource of a class
    docs: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(doc))),
            ):
                docs[name] = inspect.cleandoc(doc)
            case _:
                pass
    return docs
