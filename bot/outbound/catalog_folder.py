"""
The files of the catalog's folder, read without trusting what lies there.

Only the files of the layout are read. The folder itself may be a symbolic link, which
is how git-sync and Kubernetes swap a whole version at once; nothing inside it may be
one. Whatever else is YAML or Cedar is refused, because it is most likely a misspelt
name, and so is whatever else lies among policies: a safeguard that nobody reads. All
other files (notes, hidden ones) are left alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.domain.catalog.layout import (
    CLIENT_FILE,
    CLIENTS_FOLDER,
    INVENTORY_FILE,
    POLICIES_FOLDER,
    POLICY_ENDING,
    PROVIDER_FILE,
    ROUTES_FILE,
    Problem,
    client_file,
)
from bot.domain.catalog.names import ORGANISATION_ID
from bot.domain.decode import visible
from bot.domain.message import Message
from bot.domain.suggest import near
from bot.outbound.catalog_problems import problem
from bot.outbound.catalog_yaml import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

# A thousand targets take a third of this.
BIGGEST_FILE: Final = 1024 * 1024
MOST_CLIENTS: Final = 1_000
BIGGEST_POLICY_FILE: Final = 64 * 1024

_CLIENT_FILES: Final = (CLIENT_FILE, INVENTORY_FILE)
_POLICY_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}\.cedar", re.ASCII)
_CLIENT_ID: Final = re.compile(ORGANISATION_ID[1:-1], re.ASCII)


@dataclass(slots=True)
class Content:
    """
    The bytes of each file by its place in the layout, and what is wrong already.

    `policies` has the files of policies in order, with the client whose they are.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    policies: dict[str, str | None] = field(default_factory=dict)
    clients: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, file: str, key: str, **args: str | int) -> None:
        """Note a problem of a file as a whole."""
        message = Message.of(f"catalog.{key}", {**args})
        self.problems.append(problem(visible(file), Spot(), message))


def read_folder(folder: Path) -> Content:
    """Return the files of the catalog; OSError only if the disk fails midway."""
    content = Content()
    root = _root(folder)
    if not root.is_dir():
        content.wrong(".", "no-folder", folder=str(folder))
        return content
    _read_files(content, root, "", (PROVIDER_FILE, ROUTES_FILE))
    _read_policies(content, root, "", client=None)
    clients = root / CLIENTS_FOLDER
    for entry in _entries(clients):
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            content.wrong(f"{CLIENTS_FOLDER}/{entry.name}", "link")
        elif entry.is_dir(follow_symlinks=False):
            _read_client(content, clients, entry.name)
    if len(content.clients) > MOST_CLIENTS:
        content.wrong(CLIENTS_FOLDER, "too-many-clients", limit=MOST_CLIENTS)
    return content


def fingerprint(folder: Path) -> str:
    """Return what changes whenever a file of the folder is touched or swapped."""
    root = _root(folder)
    seen = hashlib.sha256(str(root).encode(errors="surrogateescape"))
    for path in (root, root / CLIENTS_FOLDER, root / POLICIES_FOLDER):
        for entry in _entries(path):
            inner = _entries(path / entry.name) if path != root else ()
            own = _entries(path / entry.name / POLICIES_FOLDER)
            for one in (entry, *inner, *(own if path != root else ())):
                try:
                    found = one.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                times = (found.st_ino, found.st_size, found.st_mtime_ns)
                seen.update(repr((one.path, times, found.st_ctime_ns)).encode())
    return seen.hexdigest()


def _read_client(content: Content, clients: Path, name: str) -> None:
    if _CLIENT_ID.fullmatch(name) is None:
        content.wrong(f"{CLIENTS_FOLDER}/{name}", "folder-name", got=visible(name))
        return
    content.clients.append(name)
    _read_files(content, clients / name, client_file(name, ""), _CLIENT_FILES)
    _read_policies(content, clients / name, client_file(name, ""), client=name)


def _read_files(
    content: Content, folder: Path, prefix: str, wanted: tuple[str, ...]
) -> None:
    for name in wanted:
        _read_file(content, folder / name, prefix + name)
    for entry in _entries(folder):
        name = entry.name
        is_yaml = name.lower().endswith((".yaml", ".yml"))
        if is_yaml and name not in wanted and not name.startswith("."):
            known = ", ".join(near(name, wanted) or wanted)
            content.wrong(prefix + name, "unknown-file", known=known)
        elif name.lower().endswith(POLICY_ENDING) and not name.startswith("."):
            content.wrong(prefix + name, "policy-elsewhere", folder=POLICIES_FOLDER)


def _read_policies(
    content: Content, folder: Path, prefix: str, *, client: str | None
) -> None:
    """Read every policy of a folder; anything else in there may be meant as one."""
    place = folder / POLICIES_FOLDER
    if place.is_symlink():
        content.wrong(prefix + POLICIES_FOLDER, "link")
        return
    for entry in _entries(place):
        file = f"{prefix}{POLICIES_FOLDER}/{entry.name}"
        if entry.name.startswith(".") or entry.name.endswith(".md"):
            continue
        if _POLICY_NAME.fullmatch(entry.name) is None:
            content.wrong(file, "policy-file-name", got=visible(entry.name))
            continue
        content.policies[file] = client
        _read_file(content, place / entry.name, file, most=BIGGEST_POLICY_FILE)


def _read_file(
    content: Content, path: Path, file: str, *, most: int = BIGGEST_FILE
) -> None:
    # Neither a link nor a pipe may make us wait for, or read, something else.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        content.wrong(file, "no-file")
        return
    except OSError as error:
        if path.is_symlink():
            content.wrong(file, "link")
        else:
            reason = os.strerror(error.errno or 0)
            content.wrong(file, "unreadable", reason=reason)
        return
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            content.wrong(file, "not-a-file")
            return
        with open(handle, "rb", closefd=False) as stream:
            data = stream.read(most + 1)
    finally:
        os.close(handle)
    if len(data) > most:
        content.wrong(file, "too-big-file", limit=most // 1024)
        return
    content.files[file] = data


def _root(folder: Path) -> Path:
    """Return the folder behind any links; `Path.resolve` raises where they go round."""
    return Path(os.path.realpath(folder))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a folder in order of name; none if it is not there."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from entries
