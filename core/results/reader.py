"""Reading documents and events: all that another Python service needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
import redis

from shopace.core.errors import DocumentError, ServerError
from shopace.core.records.diagnosis import SCHEMA, Diagnosis
from shopace.core.records.job import Event
from shopace.core.records.metrics import Legend, MetricValues
from shopace.core.results import keys

_Record = TypeVar("_Record")
_Value = TypeVar("_Value")
_FIELDS = ("as_of", "fence", "schema", "enc", "body", "metrics")
_EVENTS_PER_ROUND_TRIP = 500
_LONGEST_WAIT_MS = 1000
"""Of one blocking read; well below any socket timeout."""
_PATIENCE_SECONDS = 5
"""With a server that does not answer; options of the URL go before it."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What the store holds of a shop."""

    as_of: dt.date
    fence: int
    diagnosis: Diagnosis
    metrics: MetricValues


class DiagnosisReader:
    """Reads what workers published. Takes a Redis URL, or a client that does not decode responses.

    What it cannot read for certain (another major version, another encoding, damage) is a
    DocumentError, never a guess; a server that cannot be reached is a ServerError.
    """

    def __init__(self, server: redis.Redis | str) -> None:
        self._client = _client(server) if isinstance(server, str) else server

    def get(self, shop: str) -> Stored | None:
        """The shop's diagnosis with its metrics; None when there is none, or none any more."""
        fields = self._ask(lambda: self._client.hmget(keys.diagnosis_key(shop), _FIELDS))
        values = dict(zip(_FIELDS, fields, strict=True))
        if all(value is None for value in values.values()):
            return None
        where = f"shop {shop}"
        if missing := [name for name, value in values.items() if value is None]:
            raise DocumentError(
                f"{where}: its document lacks {', '.join(missing)}",
                hint="something else wrote to this key?",
            )
        check_form(
            where,
            schema=values["schema"].decode(errors="replace"),
            enc=values["enc"].decode(errors="replace"),
        )
        return Stored(
            as_of=_parse(where, "as_of", values["as_of"], dt.date.fromisoformat),
            fence=_parse(where, "fence", values["fence"], int),
            diagnosis=_decode(where, "body", values["body"], Diagnosis),
            metrics=_decode(where, "metrics", values["metrics"], MetricValues),
        )

    def legend(self, legend: str) -> Legend | None:
        """The names of the positions in `metrics`; `metrics.legend` is its id."""
        stored = self._ask(lambda: self._client.get(keys.legend_key(legend)))
        return None if stored is None else _decode(f"legend {legend}", "it", stored, Legend)

    def events(
        self, after: str = "0-0", *, wait_seconds: float | None = 0
    ) -> Iterator[tuple[str, Event]]:
        """Changes after the entry id `after`, as (entry id, event), oldest first.

        Ends when nothing new came for `wait_seconds`; None waits for ever. Keep the last id to go
        on from there. An event may come more than once, and the document may be newer than it.
        """
        while True:
            start = f"({after}"
            entries = self._ask(
                lambda start=start: self._client.xrange(
                    keys.EVENTS, min=start, count=_EVENTS_PER_ROUND_TRIP
                )
            )
            for entry, fields in entries:
                after = entry.decode()
                yield after, _event(after, fields)
            if not entries and not self._wait(after, wait_seconds):
                return

    def _wait(self, after: str, seconds: float | None) -> bool:
        """True as soon as there is an entry after `after`, False when the time is over."""
        left_ms = None if seconds is None else round(seconds * 1000)
        while left_ms is None or left_ms > 0:
            block_ms = _LONGEST_WAIT_MS if left_ms is None else min(left_ms, _LONGEST_WAIT_MS)
            if self._ask(
                lambda block_ms=block_ms: self._client.xread(
                    {keys.EVENTS: after}, count=1, block=block_ms
                )
            ):
                return True
            left_ms = None if left_ms is None else left_ms - block_ms
        return False

    def _ask(self, question: Any) -> Any:  # noqa: ANN401  # what a command answers
        try:
            return question()
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise ServerError(
                "the results server cannot be reached", hint=type(error).__name__
            ) from error
        except redis.ResponseError as error:
            raise ServerError(
                f"the results server refuses: {error}",
                hint="deploy/users.acl has a user who may read all this, `reader`",
            ) from error


def _client(url: str) -> redis.Redis:
    try:
        return redis.Redis.from_url(
            url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS
        )
    except (ValueError, TypeError):  # its text may quote a part of the password
        raise ServerError(
            "the results server's address is no Redis URL",
            hint="redis://…, rediss://… with TLS, or unix:///path?db=0",
        ) from None


def check_form(where: str, *, schema: str, enc: str) -> None:
    """Raise DocumentError unless this version can read documents of that form."""
    if schema != SCHEMA:
        raise DocumentError(
            f"{where}: its document is of schema {schema[:80]!r}, this reader knows {SCHEMA!r}",
            hint="install the version of shopace that wrote it",
        )
    if enc != "json":
        raise DocumentError(
            f"{where}: its document is encoded as {enc[:80]!r}, this reader knows 'json'",
            hint="install the version of shopace that wrote it",
        )


def _decode(where: str, field: str, data: bytes, record: type[_Record]) -> _Record:
    try:
        return msgspec.json.decode(data, type=record)
    except msgspec.DecodeError as error:
        raise DocumentError(f"{where}: {field} cannot be read: {error}") from error


def _parse(where: str, field: str, data: bytes, parse: Callable[[str], _Value]) -> _Value:
    try:
        return parse(data.decode())
    except ValueError as error:
        raise DocumentError(f"{where}: {field} cannot be read: {error}") from error


def _event(entry: str, fields: dict[bytes, bytes]) -> Event:
    try:
        told: dict[str, Any] = {name.decode(): value.decode() for name, value in fields.items()}
        if "changed" in told:
            told["changed"] = told["changed"].split(",")
        return msgspec.convert(told, Event, strict=False)
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        raise DocumentError(f"event {entry}: cannot be read: {error}") from error
