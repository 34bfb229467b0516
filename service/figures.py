"""Numbers as people read them: by unit, with their sign, their currency and their window."""

from __future__ import annotations

from shopace.core.vocabulary.units import Unit

CARDS_IN_FULL = 3
"""Cards below the risk monitor that are shown whole; the others get a line each."""

_SUFFIX = {
    Unit.HOURS: " h",
    Unit.SECONDS: " s",
    Unit.DAYS: " days",
    Unit.POINTS: " points",
    Unit.MULTIPLE: "×",
}
_COHORTS = {
    "industry+tier": "shops of the same industry and tier",
    "industry": "shops of the same industry",
    "tier": "shops of the same tier",
    "region": "shops of the same region",
}


def figure(value: float | None, unit: Unit, currency: str = "") -> str:
    """The value with its unit; `–` for a missing one, which is not zero."""
    if value is None:
        return "–"
    if unit is Unit.RATIO:
        return f"{_short(value * 100)} %"
    if unit is Unit.MONEY:
        return f"{currency} {_amount(value)}".strip()
    suffix = _SUFFIX.get(unit, "")
    one = unit in {Unit.DAYS, Unit.POINTS} and abs(value) == 1
    return _short(value) + (suffix.removesuffix("s") if one else suffix)


def percent(share: float | None) -> str:
    """A share of a whole, without decimals: `42 %`."""
    return "–" if share is None else f"{share * 100:.0f} %"


def change(value: float | None) -> str:
    """A relative change with its sign: `+12 %`, `−4.5 %`."""
    if value is None:
        return "–"
    percents = value * 100
    rounded = round(percents, 1 if 0 < abs(percents) < 10 else None)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    return f"{sign}{abs(rounded):,} %"


def window(code: str) -> str:
    """`L7D` as `last 7 days`."""
    days = code[1:-1]
    if not (code.startswith("L") and code.endswith("D") and days.isdigit()):
        return code
    return "last day" if days == "1" else f"last {days} days"


def cohort(code: str | None) -> str:
    """Whom a benchmark was taken from."""
    return _COHORTS.get(code, code) if code is not None else "peers"


def duration(seconds: float | None) -> str:
    """Roughly how long: `4 s`, `12 min`, `3 h`, `2 days`; `–` for what is not known."""
    if seconds is None:
        return "–"
    for size, unit in ((86_400, "day"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            whole = int(seconds // size)
            return counted(whole, unit) if unit == "day" else f"{whole:,} {unit}"
    return f"{seconds:,.0f} s" if seconds >= 10 or seconds == 0 else f"{seconds:.1f} s"


def counted(number: int, noun: str) -> str:
    """`1 card`, `2 cards`, `2 processes`."""
    plural = "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}" + ("" if number == 1 else plural)


def _amount(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def _short(value: float) -> str:
    """Three figures that count, and no trailing zeros."""
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2
    text = f"{value:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if decimals else text).replace("-", "−")
