"""Every plain value of real YAML and JSON changed, and judged from the outside."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import yaml

from bot.domain.errors import Refused
from bot.domain.json_text import edit as json_edit
from bot.domain.yaml_text import edit as yaml_edit
from tests.corpus.book import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOST_A_FILE = 4
# PyYAML reads some 100 KiB a second, and each edit reads a file several times.
LARGEST = 32 * 1024
HOSTILE = ("- x", "a: b", "yes", "é漢\u202e", "'", '"', "a\nb", "# no", "-", "../x")


class _Loader(yaml.SafeLoader):
    """Reads tags it does not know as nothing in particular."""


_Loader.add_multi_constructor("!", lambda *_: None)


def yaml_trial(root: Path) -> Book:
    """Edit the YAML files of the corpus."""
    return _trial(
        root,
        endings=(".yml", ".yaml"),
        setter=yaml_edit.set_value,
        load=lambda text: yaml.load(text, Loader=_Loader),  # noqa: S506 - a safe one
    )


def json_trial(root: Path) -> Book:
    """Edit the JSON files of the corpus."""
    return _trial(root, endings=(".json",), setter=json_edit.set_value, load=json.loads)


def _trial(
    root: Path,
    *,
    endings: tuple[str, ...],
    setter: Callable[..., Any],
    load: Callable[[str], Any],
) -> Book:
    book, dice = Book(), random.Random(7)  # noqa: S311 - the same run each time
    for path in sorted(root.rglob("*")):
        if not path.name.endswith(endings) or not path.is_file():
            continue
        if path.stat().st_size > LARGEST:
            continue
        book.files += 1
        source, name = path.read_bytes(), str(path.relative_to(root))
        try:
            whole = load(source.decode())
        except Exception:  # noqa: BLE001 - not every public file is sound
            book.unreadable += 1
            continue
        paths = list(_leaves(whole, ()))
        dice.shuffle(paths)
        for keys, old in paths[:MOST_A_FILE]:
            _one(source, name, keys, old, book, dice, setter, load)
    return book


def _one(source, name, keys, old, book, dice, setter, load):  # noqa: PLR0917 - a walk's state
    value = _another(old, dice)
    try:
        edit = setter(source, file=name, path=keys, value=value)
    except Refused as refusal:
        book.refused[refusal.message.key.removeprefix("refused.")] += 1
        return
    except Exception as error:  # noqa: BLE001 - each is a defect to be listed
        book.wrong.append(f"{name}: {keys}: {type(error).__name__} {error}")
        return
    book.accepted["one value"] += 1
    found = load(edit.after.decode())
    if found != _with(load(source.decode()), keys, value):
        book.wrong.append(f"{name}: {keys}: {value!r} reads as something else")
    if (why := _bytes(source, edit.after, edit.line)) != "":
        book.wrong.append(f"{name}: {keys}: {why}")


def _bytes(before: bytes, after: bytes, line: int) -> str:
    """Return what is wrong with the bytes around the value, or nothing."""
    was, now = before.split(b"\n"), after.split(b"\n")
    if was[: line - 1] != now[: line - 1]:
        return "a line above changed"
    below = len(was) - line
    # A plain text may go on over several lines; those go with it.
    while below and was[-below:] != now[-below:]:
        below -= 1
    gone = len(was) - line - below
    return "" if gone <= _longest(was, line) else f"{gone} lines below changed"


def _longest(was: list[bytes], line: int) -> int:
    """Return over how many lines more the value on this line may go on."""
    indent = _indent(was[line - 1])
    if was[line - 2].rstrip().endswith((b":", b"-")) and line > 1:
        indent -= 1  # it begins on a line of its own, and goes on in that column
    more = 0
    for each in was[line:]:
        if each.strip() and _indent(each) <= indent:
            break
        more += 1
    return more


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip())


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if isinstance(key, str):
                yield from _leaves(each, (*path, key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _leaves(each, (*path, at))
    elif path and isinstance(value, str | int | float | bool):
        yield path, value


def _with(whole: Any, keys: tuple[str | int, ...], value: Any) -> Any:
    held = whole
    for key in keys[:-1]:
        held = held[key]
    held[keys[-1]] = value
    return whole


def _another(old, dice):
    if isinstance(old, bool):
        return not old
    if isinstance(old, int | float):
        return old + 1
    return dice.choice((f"{old}x", "x", *HOSTILE))
