"""What git's plumbing says of commits, trees and differences, read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Signature:
    """Whom a commit is by."""

    name: str
    email: str


@dataclass(frozen=True)
class CommitInfo:
    sha: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    authored_at: datetime
    committed_at: datetime
    message: str

    @property
    def title(self) -> str:
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True)
class TreeEntry:
    mode: str
    kind: Literal["blob", "tree", "commit"]
    sha: str
    path: str


@dataclass(frozen=True)
class FileDiff:
    old_path: str
    new_path: str
    old_mode: str
    new_mode: str
    status: str
    patch: str


@dataclass(frozen=True)
class Edit:
    """One path's new content (`None` deletes it)."""

    path: str
    content: bytes | None
    mode: str = "100644"


def entries(out: bytes) -> list[TreeEntry]:
    found = []
    for line in out.decode("utf-8", "replace").split("\0"):
        if not line:
            continue
        meta, path = line.split("\t", 1)
        mode, kind, sha = meta.split()
        found.append(TreeEntry(mode=mode, kind=kind, sha=sha, path=path))  # type: ignore[arg-type] # git names three kinds
    return found


def commit_of(piece: str) -> CommitInfo:
    sha, parents, an, ae, at, cn, ce, ct, body = piece.lstrip("\n").split("\0", 8)
    return CommitInfo(
        sha=sha,
        parents=tuple(parents.split()),
        author=Signature(an, ae),
        committer=Signature(cn, ce),
        authored_at=datetime.fromisoformat(at),
        committed_at=datetime.fromisoformat(ct),
        message=body,
    )


def raw_of(out: bytes) -> list[tuple[str, str, str, str, str]]:
    """Read `diff --raw -z`: (old path, new path, old mode, new mode, status)."""
    parts = iter(out.decode("utf-8", "replace").split("\0"))
    found = []
    for meta in parts:
        if not meta:
            break
        old_mode, new_mode, _, _, status = meta.removeprefix(":").split()
        old = next(parts)
        new = next(parts) if status[0] in "RC" else old
        found.append((old, new, old_mode, new_mode, status[0]))
    return found


def hunks(patch: str) -> str:
    """Return a file's patch as GitLab gives it: from the first hunk on."""
    at = patch.find("\n@@ ")
    return patch[at + 1 :] if at >= 0 else ""


def unmerged(out: bytes) -> dict[bytes, dict[int, tuple[str, str]]]:
    found: dict[bytes, dict[int, tuple[str, str]]] = {}
    for line in out.split(b"\0"):
        if line:
            meta, path = line.split(b"\t", 1)
            mode, sha, stage = meta.decode().split()
            found.setdefault(path, {})[int(stage)] = (mode, sha)
    return found
