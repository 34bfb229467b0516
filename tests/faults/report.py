"""Figures of a run of the suite, and the page that is written from them."""

import datetime as dt
import os
import platform
import statistics
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROWS = Path(__file__).with_name("rows.toml")
Value = float | str | Sequence[float]


class Figures:
    """What the tests measured, by row of the catalogue."""

    def __init__(self, seed: int, *, long: bool) -> None:
        self.seed = seed
        self.long = long
        self.server = ""
        self._measured: dict[str, dict[str, tuple[Value, str]]] = {}

    def add(self, row: str, name: str, value: Value, unit: str = "") -> None:
        """A figure; of several values, or of several tests, the middle and the worst are shown."""
        of_row = self._measured.setdefault(row, {})
        before, _ = of_row.get(name, ((), ""))
        if not isinstance(value, str) and not isinstance(before, str):
            value = [*_listed(before), *_listed(value)]
        of_row[name] = value, unit

    def page(self) -> str:
        """The whole page, in Markdown."""
        rows = tomllib.loads(ROWS.read_text("utf-8"))["rows"]
        form = "long" if self.long else "short"
        replay = f"SHOPACE_FAULTS_SEED={self.seed} make faults"
        about = (
            "Written by `make faults`, which injects every fault below into real processes and"
            f" real servers: the {form} form, {dt.datetime.now(dt.UTC).date()}, {self.server},"
            f" Python {platform.python_version()}, {os.cpu_count()} cores; `{replay}` replays it."
            " Test settings are a beat of 0.2 s and a heartbeat of 10 s, and of 2 s where a machine"
            ' is lost; "default" says where'
            " they are the product's own. Of several values the middle and the worst are shown."
            " Baseline is what Dramatiq 2.2.1 did by itself. A figure whose worst value misses what"
            " is to be reached is marked **not reached**."
        )
        lines = [
            "# Faults: what happens, in figures",
            about,
            "",
            "| # | fault | expected | figure to reach | baseline | ours, measured |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for row in rows:
            measured = self._measured.get(row["id"], {})
            at_most = row.get("at_most", {})
            told = "; ".join(
                f"{name} {_shown(*measured[name])}{_verdict(measured[name][0], at_most.get(name))}"
                if name in measured
                else f"{name}: not run"
                for name in sorted(measured.keys() | at_most.keys() if measured else ())
            )
            cells = (row["id"], row["fault"], row["expected"], row["reach"], row["baseline"])
            lines.append("| " + " | ".join([*cells, told or "not run"]) + " |")
        besides = (
            "In every run besides: no job whose enqueueing returned was lost, no document went back"
            " to an older (as_of, fence), none was ever half written, and the fault really struck."
        )
        absent = (
            "Numbers that are not in the table are faults that this suite does not inject: a server"
            " whose machine loses power (F4) or whose disk is full (F17); plugins that return too"
            " much or of a wrong kind (F23), which the tests of the host and the pipeline cover;"
            " claims of cards and their states (F27, F28), which the product does not have; all"
            " shops enqueued singly at one instant (F29); and the packages that the product is"
            " built from (F32), whose pinned hashes are all that guards them here."
        )
        lines += ["", besides, "", absent]
        return "\n".join(lines) + "\n"


def _verdict(value: Value, at_most: float | None) -> str:
    """Of figures that have a limit; words are no figure."""
    if at_most is None or isinstance(value, str) or max(_listed(value)) <= at_most:
        return ""
    return f" (**not reached**: at most {_number(at_most)})"


def _listed(value: float | Sequence[float]) -> Sequence[float]:
    return [value] if isinstance(value, int | float) else value


def _shown(value: Value, unit: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return f"{_number(value)}{_unit(unit)}"
    values = list(value)
    if len(set(values)) == 1:
        return _shown(values[0], unit)
    middle = statistics.median(values)
    return f"{_number(middle)} / {_number(max(values))}{_unit(unit)} (of {len(values)})"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _unit(unit: str) -> str:
    return f"\N{NO-BREAK SPACE}{unit}" if unit else ""
