"""Finding plugins, one by one, so that a broken one costs only itself.

Built-in plugins come from an explicit list of module names, third-party ones from the entry-point
group `shopace.plugins`. Each is imported, registered with pluggy, asked for its page, and judged by
the contract, then beside the others by lint. What fails is rejected by name and version with all
its problems; the others go on.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from traceback import format_exception, walk_tb
from typing import TYPE_CHECKING, Any, NamedTuple

import pluggy

from shopace.core.errors import Problem, did_you_mean, shortened
from shopace.core.host import hooks
from shopace.core.host.contract import Finding, converted, is_builtin, known_to, violations
from shopace.core.host.lint import clashes, errors_of_vendors
from shopace.core.host.registry import UNKNOWN, Registry, Rejection, build_registry
from shopace.core.steering import STEERING
from shopace.core.vocabulary.measures import Measure
from shopace.core.vocabulary.plugins import Plugin
from shopace.core.vocabulary.units import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from shopace.core.configuration import Configuration
    from shopace.core.host.contract import Known

_NOT_THE_PLUGINS = ("importlib", "pluggy", "shopace.core")
"""Modules between the host and a plugin's own code."""


class Source(NamedTuple):
    """Where a plugin comes from, before it is imported."""

    name: str
    version: str
    load: Callable[[], Any]
    builtin: bool


class _Loaded(NamedTuple):
    source: Source
    page: Plugin
    derive: Callable[..., Any] | None


def load_registry(
    builtins: Sequence[str],
    *,
    configuration: Configuration | None = None,
    use_entry_points: bool = True,
) -> Registry:
    """All plugins that can be used, and the rejected ones with their reasons.

    A bad plugin raises nothing here: see `Registry.rejected` and `require_sound`.
    """
    return load_sources(sources(builtins, use_entry_points), configuration)


def sources(builtins: Sequence[str], use_entry_points: bool) -> Iterator[Source]:  # noqa: FBT001  # private to the host
    """Built-in modules in their order, then entry points by name."""
    for dotted in builtins:
        name = dotted.rpartition(".")[2]
        yield Source(name, "", partial(import_module, dotted), builtin=True)
    if use_entry_points:
        for point in sorted(entry_points(group=hooks.ENTRY_POINT_GROUP), key=lambda at: at.name):
            version = point.dist.version if point.dist else UNKNOWN
            yield Source(point.name, version, point.load, builtin=False)


def load_sources(
    found: Iterator[Source] | Sequence[Source], configuration: Configuration | None = None
) -> Registry:
    """The registry of the given sources."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    loaded: list[_Loaded] = []
    rejected: list[Rejection] = []
    for source in found:
        try:
            loaded.append(_load(manager, source, [each.page for each in loaded]))
        except _UnfitError as unfit:
            rejected.append(_rejection(source, unfit.reasons, unfit.page, unfit.__cause__))
        except Exception as error:  # noqa: BLE001  # whatever a page is made of costs only itself
            reason = f"cannot be judged: {_named(error)}"
            rejected.append(_rejection(source, [reason], cause=error))
    loaded = _keep_sound(loaded, rejected)
    return build_registry(
        [each.page for each in loaded],
        configuration,
        derivers={each.page.key: each.derive for each in loaded if each.derive},
        rejected=sorted(rejected, key=lambda each: each.plugin),
    )


class _UnfitError(Exception):
    def __init__(self, *reasons: str, page: Plugin | None = None) -> None:
        super().__init__(*reasons)
        self.reasons = reasons
        self.page = page


def _load(manager: pluggy.PluginManager, source: Source, before: Sequence[Plugin]) -> _Loaded:
    hook_functions = _registered(manager, source)
    try:
        page = hook_functions["shopace_plugin"]()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may even call sys.exit()
        raise _UnfitError(f"shopace_plugin failed: {_named(error)}") from error
    if not isinstance(page, Plugin):
        raise _UnfitError(f"shopace_plugin returned {type(page).__name__}, not a Plugin")
    page, wrong = converted(page)
    if wrong:
        raise _UnfitError(*map(_told, wrong), page=page)
    taken = [f"{where} {what}" for where, what, _ in clashes(page, before)]
    derived = [
        each.key for each in page.declares if isinstance(each, Measure) and each.derived_from
    ]
    if derived and "shopace_derive" not in hook_functions:
        taken.append(f"{', '.join(derived)}: it implements no hook shopace_derive")
    if page.key != source.name:
        taken.append(f'its page says key "{page.key}", it is registered as "{source.name}"')
    if is_builtin(page) and not source.builtin:
        taken.append(f'key "{page.key}" is the built-in category\'s own')
    if taken:
        raise _UnfitError(*taken, page=page)
    return _Loaded(source, page, hook_functions.get("shopace_derive"))


def _registered(manager: pluggy.PluginManager, source: Source) -> dict[str, Callable[..., Any]]:
    try:
        module = source.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # likewise at import
        raise _UnfitError(f"cannot be imported: {_named(error)}") from error
    if manager.has_plugin(source.name):
        raise _UnfitError("its name is taken by another plugin")
    wrong = list(_mistaken(manager, module))
    try:
        manager.register(module, name=source.name)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise _UnfitError(*wrong, str(error).splitlines()[-1].strip()) from error
    functions = {
        name: implementation.function
        for name in ("shopace_plugin", "shopace_derive")
        for implementation in getattr(manager.hook, name).get_hookimpls()
        if implementation.plugin is module
    }
    if "shopace_plugin" not in functions:
        wrong.append("it implements no hook shopace_plugin")
    if wrong:
        raise _UnfitError(*wrong)
    return functions


def _mistaken(manager: pluggy.PluginManager, module: object) -> Iterator[str]:
    """Hooks that there are not, and functions that were meant to be hooks."""
    known = [name for name in dir(hooks) if name.startswith("shopace_")]
    for name in dir(module):
        marked = manager.parse_hookimpl_opts(module, name) is not None
        if marked and name not in known:
            hint = did_you_mean(name, known)
            yield f'there is no hook "{name}"' + (f" ({hint})" if hint else "")
        elif name in known and not marked and callable(getattr(module, name)):
            yield f"its {name} is no hook without @hookimpl above it"


def _keep_sound(loaded: list[_Loaded], rejected: list[Rejection]) -> list[_Loaded]:
    """Judge until nothing more falls: a page may lean on one that was rejected.

    Pages are laid beside each other only when each keeps the contract by itself.
    """
    while True:
        pages = [each.page for each in loaded]
        known = known_to(pages)
        wrong = {page.key: found for page in pages if (found := _judged(page, known))}
        if not wrong:
            wrong = errors_of_vendors(pages)
        if not wrong:
            return loaded
        rejected.extend(
            _rejection(each.source, [*map(_told, wrong[each.page.key])], each.page)
            for each in loaded
            if each.page.key in wrong
        )
        loaded = [each for each in loaded if each.page.key not in wrong]


def _judged(page: Plugin, known: Known) -> list[Finding]:
    try:
        return violations(page, known)
    except Exception as error:  # noqa: BLE001  # as when it is loaded
        return [Finding("page", f"cannot be judged: {_named(error)}")]


def _told(finding: Finding) -> str:
    where, what, hint = finding
    return f"{where}: {what}" + (f" ({hint})" if hint else "")


def _named(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  # its text is the plugin's own code, too
        return type(error).__name__


def _rejection(
    source: Source,
    reasons: Sequence[str],
    page: Plugin | None = None,
    cause: BaseException | None = None,
) -> Rejection:
    version, category = source.version, source.name if source.builtin else ""
    if page is not None:
        version = page.version
        category = page.category if page.category in tuple(CATEGORIES) else ""
    version = STEERING.sub("", shortened(str(version or UNKNOWN)))
    place, trace = _traced(cause) if cause is not None else ("", "")
    where = f"plugin {source.name} {version}"
    return Rejection(
        plugin=source.name,
        version=version,
        category=category,
        problems=tuple(Problem(where=where, what=reason, hint=place) for reason in reasons),
        trace=trace,
    )


def _traced(error: BaseException) -> tuple[str, str]:
    """The last line of the plugin's own code that an error passed, and the way there.

    The plugin's own is the package of the first module behind the host's machinery.
    """
    first = error.__traceback__
    while first is not None and _module(first.tb_frame).startswith(_NOT_THE_PLUGINS):
        first = first.tb_next
    trace = "".join(format_exception(type(error), error, first or error.__traceback__))
    package = _module(first.tb_frame).partition(".")[0] if first is not None else ""
    place = ""
    for frame, line in walk_tb(first):
        if _module(frame).partition(".")[0] == package:
            place = f"at {frame.f_code.co_filename}:{line}"
    return place, trace


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
