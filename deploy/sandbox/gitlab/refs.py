"""
Where a branch or a tag points, read from the files in which git keeps its refs.

A process for each look would be most of what the sandbox does. What these files do not
say plainly is left to git: https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FULL: Final = re.compile(r"[0-9a-f]{40}")
_REF: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+=-]{0,200}")


class UnsureError(Exception):
    """Only git itself can tell where this ref points."""


def ref_name(text: str) -> str | None:
    """
    Return `text` if it can be a branch name here, else None.

    As GitLab has it, no branch is called like a commit:
    https://docs.gitlab.com/user/project/repository/push_rules/#validate-branch-names
    """
    if not _REF.fullmatch(text) or ".." in text or "//" in text:
        return None
    if FULL.fullmatch(text):
        return None
    if text.endswith(("/", ".", ".lock")) or "/." in text or text == "HEAD":
        return None
    return text


def pointed(directory: Path, ref: str) -> str | None:
    """
    Return the object that a ref of a bare repository names, None if there is no such.

    `ref` begins with `refs/` and has passed `ref_name`. Raises `UnsureError` where refs
    are packed, or kept in another way.
    """
    try:
        text = (directory / ref).read_text("ascii").strip()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        # In this order: packing writes the one file before it removes the other.
        for other in ("packed-refs", "reftable"):
            if (directory / other).exists():
                raise UnsureError(ref) from None
        return None
    if FULL.fullmatch(text) is None:
        raise UnsureError(ref)
    return text
