"""
What YAML and JSON edits have in common: paths into a file, and which value fits where.

A file's own type is kept: text stays text, a number a number, true stays true or false.
Where nothing was (`null`), anything may be.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from bot.domain.editing.refusal import Reason, refused

if TYPE_CHECKING:
    from bot.domain.editing.edit import Scalar

Key = str | int
Path = tuple[Key, ...]

_BMP: Final = 0xFFFF


def shown(path: Path) -> str:
    """Return a path as people write it: `nginx.workers`, `hosts[0].name`."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return "".join(parts).removeprefix(".")


def decoded(source: bytes, *, file: str, largest: int) -> str:
    """Return the text of a file; refuses what is too large or not UTF-8."""
    if len(source) > largest:
        raise refused(Reason.LARGE, file=file, what=f"{largest // 1024} KiB")
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise refused(Reason.ENCODING, file=file, line=line) from error


def check_fits(value: Scalar, *, old: object, file: str, line: int, path: Path) -> None:
    """Refuse a value that is there already, or of another type than the old one."""
    if type(old) is type(value) and old == value:
        raise refused(Reason.ALREADY, file=file, line=line, what=str(value))
    if old is not None and _kind(old) != _kind(value):
        raise refused(Reason.TYPE, file=file, line=line, what=shown(path))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def writable(value: str) -> bool:
    """Return whether a text has no half of a surrogate pair, which no file can hold."""
    return all(unicodedata.category(char) != "Cs" for char in value)


def code_point(char: str) -> str:
    r"""Return `\uXXXX`, as a pair where JSON needs one."""
    at = ord(char)
    if at <= _BMP:
        return f"\\u{at:04x}"
    raw = char.encode("utf-16-be").hex()
    return f"\\u{raw[:4]}\\u{raw[4:]}"
