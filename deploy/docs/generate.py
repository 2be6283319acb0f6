"""
`make docs`: the pages that are made from the code, so that they cannot lie.

Each page is a function from the code to text. `--check` writes nothing and names the
pages that are out of date; a test does the same.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.docs.commands_page import commands_page
from deploy.docs.flow_page import flow_page
from deploy.docs.settings_page import settings_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "commands.md": commands_page,
    "flow.md": flow_page,
    "settings.md": settings_page,
}


def stale() -> tuple[str, ...]:
    """Return the pages that are not what the code says now."""
    return tuple(name for name, page in PAGES.items() if _read(name) != page())


def _read(name: str) -> str | None:
    try:
        return (DOCS / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def main() -> int:
    """Write the pages, or with `--check` say which should be written."""
    parser = argparse.ArgumentParser(description="Make the pages of docs/.")
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args()
    old = stale()
    if asked.check:
        for name in old:
            sys.stderr.write(f"docs/{name} is out of date: run `make docs`\n")
        return 1 if old else 0
    for name in old:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
        sys.stdout.write(f"docs/{name} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
