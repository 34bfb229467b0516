"""The command `shopace`, a module per subcommand."""

from __future__ import annotations

from shopace.service.cli.root import shopace


def main() -> None:
    """Run the command line; ends the process with one of the documented exit codes."""
    shopace()


__all__ = ["main", "shopace"]
