"""Third-party packages whose code misbehaves, installed as pip would leave them."""

from collections.abc import Mapping
from pathlib import Path

LOG_VARIABLE = "RUDE_LOG"
"""The file that tells of every time such code begins: its plugin and the instant."""
_PAGE = """
import ctypes, os, re, sys, time
from shopace.core import *

@hookimpl
def shopace_plugin():
    return Plugin(
        key="{name}", category="fulfillment_service", version="1.3", title="T", question="Q?",
        declares=(
            Measure(key="{name}.kept", title="kept", unit=Unit.COUNT, derived_from=("orders",)),
            Metric(key="{name}.kept", title="Kept", definition="D.",
                   formula=measure("{name}.kept"), unit=Unit.COUNT, direction=Direction.HIGHER),
        ),
    )

@hookimpl
def shopace_derive(view):
    with open(os.environ["RUDE_LOG"], "a") as log:
        log.write(f"{name} {{time.time()}}\\n")
    {body}
    return {{("{name}.kept", Channel.SHOP, period): view("orders", Channel.SHOP, period)
            for period in Period}}
"""

SLOW = {
    "sleeper": "time.sleep(3600)",
    "looper": "sum(range(10**13))",
    "matcher": 're.match(r"^(a+)+$", "a" * 60 + "!")',
}
"""Python that waits, C that never lets go of the interpreter, and an expression that explodes."""
CRASHING = {
    "raiser": 'raise ZeroDivisionError("no orders")',
    "leaver": "sys.exit(3)",
    "segfaulter": "ctypes.string_at(0)",
    "quitter": "os._exit(7)",
    "aborter": "os.abort()",
}
HOARDING = "blob = bytearray(2 * 1024**3)"
"""Asks for 2 GiB, which are written to."""

BROKEN = {
    "absent": "import a_module_that_is_not_there\n",
    "gone": "raise SystemExit(0)\n",
    "misspelt": "from shopace.core import *\n@hookimpl\ndef shopace_plugn(): ...\n",
    "unjoined": """
from shopace.core import *
@hookimpl
def shopace_plugin():
    return Plugin(key="unjoined", category=None, version=1.0, title="T", question="Q?",
                  declares=Objective(key="unjoined.o", title="No comma after it"))
""",
    "argued": "from shopace.core import *\n@hookimpl\ndef shopace_plugin(pluggin): ...\n",
}
"""Broken at import, hooks of a wrong name or with an argument that there is not, and a page that is
put together wrongly."""


def install(site: Path, plugins: Mapping[str, str]) -> None:
    """Sound pages, each with a body that its `shopace_derive` begins with."""
    for name, body in plugins.items():
        _package(site, name, _PAGE.format(name=name, body=body))


def install_broken(site: Path) -> None:
    for name, source in BROKEN.items():
        _package(site, name, source)


def _package(site: Path, name: str, source: str) -> None:
    info = site / f"{name}_dist-1.3.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}_module.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 1.3\n")
    (info / "entry_points.txt").write_text(f"[shopace.plugins]\n{name} = {name}_module\n")
