"""What the supervisor needs as well as those split off it, read once for all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bot import registry
from bot.outbound.catalog import load
from bot.outbound.postgres import engine  # noqa: F401 - for what it imports

CATALOG: Final = Path(__file__).parent / "catalog"


def warm() -> None:
    """Read the commands and the catalog: the first time takes by far the longest."""
    load(CATALOG, commands=registry.load().commands)
