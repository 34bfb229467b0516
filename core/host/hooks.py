"""The hook specifications: all that a plugin may implement.

`shopace_plugin` is required and returns the declarations. `shopace_derive` is optional and computes
the plugin's own measures from a read-only batch. Everything else is declaration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopace.core.vocabulary.channels import Channel
    from shopace.core.vocabulary.plugins import Plugin
    from shopace.core.vocabulary.units import Period

PROJECT = "shopace"
ENTRY_POINT_GROUP = "shopace.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class MeasureView(Protocol):
    """What `shopace_derive` may read: one array per (measure, channel, period), a value per shop.

    Arrays are float64, NaN is missing, and read-only.
    """

    def __call__(self, measure: str, channel: Channel, period: Period) -> Any: ...  # noqa: ANN401  # an array


@hookspec
def shopace_plugin() -> Plugin:  # type: ignore[empty-body]
    """The plugin's page: key, category, version and declarations. Called once, at load."""


@hookspec
def shopace_derive(view: MeasureView) -> Mapping[tuple[str, Channel, Period], Any]:  # type: ignore[empty-body]
    """The plugin's own measures, computed from delivered ones.

    Called once per job: for a block of shops, a part of one, or one shop. The keys are (measure of
    this plugin, channel, period), the values arrays of one float64 per shop, NaN for missing.
    """
