"""
One bare git repository, through git's plumbing commands.

Owns: objects, refs, trees, diffs and merges. Leaves who may do what to `merging` and
the API. No work tree, no shell, no configuration of the host: a clean environment.
Only plumbing that git has had since 2.20 is used, so an old distribution will do.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

ZERO: Final = "0" * 40
_REF: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+=-]{0,200}")
_SHA: Final = re.compile(r"[0-9a-f]{7,40}")
_TIMEOUT: Final = 60.0


class GitError(Exception):
    """A git command failed; the text is its standard error."""


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


def ref_name(text: str) -> str | None:
    """Return `text` if it can be a branch name here, else None."""
    if not _REF.fullmatch(text) or ".." in text or "//" in text:
        return None
    if text.endswith(("/", ".", ".lock")) or "/." in text or text == "HEAD":
        return None
    return text


class Repository:
    """A bare repository. Refs handed in are branch names or commit ids."""

    def __init__(self, directory: Path, *, path: str) -> None:
        self.directory = directory
        self._env = {
            "PATH": path,
            "HOME": str(directory.parent),
            "GIT_DIR": str(directory),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "LC_ALL": "C",
        }

    async def run(
        self, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> bytes:
        """Return a git command's output; GitError when it fails or takes a minute."""
        process = await asyncio.create_subprocess_exec(
            "git",
            *args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._env, **(env or {})},
        )
        try:
            async with asyncio.timeout(_TIMEOUT):
                out, err = await process.communicate(stdin)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise GitError(f"git {args[0]} took too long") from None
        if process.returncode != 0:
            raise GitError(err.decode("utf-8", "replace").strip() or args[0])
        return out

    async def text(
        self, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> str:
        out = await self.run(*args, stdin=stdin, env=env)
        return out.decode("utf-8", "replace").strip()

    async def create(self, default_branch: str) -> None:
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        await self.run("init", "-q", "--bare", str(self.directory))
        await self.run("symbolic-ref", "HEAD", f"refs/heads/{default_branch}")

    async def branch(self, name: str) -> str | None:
        """Return a branch's head, None if there is no such branch."""
        if ref_name(name) is None:
            return None
        return await self._verify(f"refs/heads/{name}^{{commit}}")

    async def resolve(self, ref: str) -> str | None:
        """Return the commit of a branch, a tag or a (short) commit id."""
        if (sha := await self.branch(ref)) is not None:
            return sha
        if ref_name(ref) is not None:
            tag = await self._verify(f"refs/tags/{ref}^{{commit}}")
            if tag is not None:
                return tag
        return await self._verify(f"{ref}^{{commit}}") if _SHA.fullmatch(ref) else None

    async def _verify(self, name: str) -> str | None:
        try:
            return await self.text("rev-parse", "-q", "--verify", name)
        except GitError:
            return None

    async def branches(self) -> dict[str, str]:
        form = "--format=%(refname)%00%(objectname)"
        out = await self.text("for-each-ref", form, "refs/heads/")
        pairs = (line.split("\0") for line in out.splitlines())
        return {name.removeprefix("refs/heads/"): sha for name, sha in pairs}

    async def set_branch(self, name: str, *, new: str, old: str) -> None:
        """Move a branch from `old` (ZERO: it must be new) or fail: compare-and-set."""
        await self.run("update-ref", f"refs/heads/{name}", new, old)

    async def delete_branch(self, name: str) -> None:
        await self.run("update-ref", "-d", f"refs/heads/{name}")

    async def read(self, commit: str, path: str) -> bytes | None:
        """Return a file's bytes at a commit, None if it is not a file there."""
        try:
            return await self.run("cat-file", "blob", f"{commit}:{path}")
        except GitError:
            return None

    async def entry(self, commit: str, path: str) -> TreeEntry | None:
        found = _entries(await self.run("ls-tree", "-z", commit, "--", path))
        return found[0] if found else None

    async def tree(
        self, commit: str, *, path: str, recursive: bool
    ) -> list[TreeEntry] | None:
        """Return what a folder holds, None if it is not a folder of that commit."""
        where = f"{commit}:{path.strip('/')}"
        flags = ["-r", "-t"] if recursive else []
        try:
            out = await self.run("ls-tree", "-z", *flags, where)
        except GitError:
            return None
        prefix = f"{path.strip('/')}/" if path.strip("/") else ""
        return [
            TreeEntry(mode=e.mode, kind=e.kind, sha=e.sha, path=prefix + e.path)
            for e in _entries(out)
        ]

    async def last_commit_of(self, commit: str, path: str) -> str:
        return await self.text("log", "-1", "--format=%H", commit, "--", path)

    async def commits(
        self, *revisions: str, path: str = "", limit: int = 1000
    ) -> list[CommitInfo]:
        """Return commits newest first; `revisions` as git log takes them."""
        form = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00%x1e"
        tail = ["--", path] if path else ["--"]
        out = await self.run("log", f"-{limit}", f"--format={form}", *revisions, *tail)
        pieces = out.decode("utf-8", "replace").split("\0\x1e")
        return [_commit(piece) for piece in pieces if piece.strip()]

    async def commit(self, sha: str) -> CommitInfo:
        return (await self.commits(sha, limit=1))[0]

    async def merge_base(self, one: str, other: str) -> str | None:
        try:
            return await self.text("merge-base", one, other)
        except GitError:
            return None

    async def contains(self, commit: str, *, ancestor: str) -> bool:
        return await self.merge_base(commit, ancestor) == ancestor

    async def diff(self, base: str, head: str) -> list[FileDiff]:
        """Return the differing files with their patches, renames found."""
        common = ("diff", "--no-color", "--no-ext-diff", "-M", "--full-index")
        raw = await self.run(*common, "--raw", "-z", base, head)
        patch = await self.run(*common, "-p", base, head)
        text = patch.decode("utf-8", "replace")
        pieces = [piece for piece in re.split(r"(?m)^(?=diff --git )", text) if piece]
        return [
            FileDiff(*meta, patch=_hunks(piece))
            for meta, piece in zip(_raw(raw), pieces, strict=True)
        ]

    async def changed_paths(self, base: str, head: str) -> list[str]:
        out = await self.run("diff", "--name-only", "-z", "--no-renames", base, head)
        return [p for p in out.decode("utf-8", "replace").split("\0") if p]

    async def write_commit(
        self,
        *,
        base: str | None,
        edits: list[Edit],
        message: str,
        author: Signature,
        committer: Signature,
        when: datetime,
    ) -> str:
        """Return a new commit on top of `base` (no ref is moved)."""
        with tempfile.TemporaryDirectory(prefix="index-") as scratch:
            env = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            await self.run("read-tree", base or "--empty", env=env)
            lines = []
            for edit in edits:
                sha = ZERO
                if edit.content is not None:
                    sha = await self.text(
                        "hash-object", "-w", "--stdin", stdin=edit.content
                    )
                mode = edit.mode if edit.content is not None else "0"
                lines.append(f"{mode} {sha}\t{edit.path}".encode() + b"\0")
            await self.run(
                "update-index", "-z", "--index-info", stdin=b"".join(lines), env=env
            )
            tree = await self.text("write-tree", env=env)
        return await self.commit_tree(
            tree,
            parents=[base] if base else [],
            message=message,
            author=author,
            committer=committer,
            when=when,
        )

    async def commit_tree(
        self,
        tree: str,
        *,
        parents: list[str],
        message: str,
        author: Signature,
        committer: Signature,
        when: datetime,
    ) -> str:
        stamp = f"{int(when.timestamp())} +0000"
        env = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": stamp,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": stamp,
        }
        flags = [part for parent in parents for part in ("-p", parent)]
        return await self.text(
            "commit-tree", tree, *flags, stdin=message.encode(), env=env
        )

    async def merge(self, *, ours: str, theirs: str) -> str | None:
        """Return the tree of a three-way merge, None when it conflicts."""
        base = await self.merge_base(ours, theirs)
        if base is None:
            return None
        with tempfile.TemporaryDirectory(prefix="merge-") as scratch:
            env = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            await self.run(
                "read-tree", "-i", "-m", "--aggressive", base, ours, theirs, env=env
            )
            out = await self.run("ls-files", "-u", "-z", env=env)
            for path, stages in _unmerged(out).items():
                line = await self._merge_file(path, stages, Path(scratch))
                if line is None:
                    return None
                drop = b"0 " + ZERO.encode() + b"\t" + path + b"\0"
                await self.run(
                    "update-index", "-z", "--index-info", stdin=drop + line, env=env
                )
            return await self.text("write-tree", env=env)

    async def _merge_file(
        self, path: bytes, stages: dict[int, tuple[str, str]], scratch: Path
    ) -> bytes | None:
        """Return the index line of one file merged line by line, None on conflict."""
        if set(stages) != {1, 2, 3} or len({mode for mode, _ in stages.values()}) != 1:
            return None
        files = [scratch / name for name in ("ours", "base", "theirs")]
        for file, stage in zip(files, (2, 1, 3), strict=True):
            file.write_bytes(await self.run("cat-file", "blob", stages[stage][1]))
        try:
            merged = await self.run("merge-file", "-p", *map(str, files))
        except GitError:
            return None
        sha = await self.text("hash-object", "-w", "--stdin", stdin=merged)
        return f"{stages[2][0]} {sha}\t".encode() + path + b"\0"

    async def checkout(self, commit: str, into: Path) -> None:
        """Write a commit's files into an empty folder."""
        with tempfile.TemporaryDirectory(prefix="index-") as scratch:
            env = {
                "GIT_INDEX_FILE": str(Path(scratch) / "index"),
                "GIT_WORK_TREE": str(into),
            }
            await self.run("read-tree", commit, env=env)
            await self.run("checkout-index", "-a", "-f", f"--prefix={into}/", env=env)


def _entries(out: bytes) -> list[TreeEntry]:
    found = []
    for line in out.decode("utf-8", "replace").split("\0"):
        if not line:
            continue
        meta, path = line.split("\t", 1)
        mode, kind, sha = meta.split()
        found.append(TreeEntry(mode=mode, kind=kind, sha=sha, path=path))  # type: ignore[arg-type] # git names three kinds
    return found


def _commit(piece: str) -> CommitInfo:
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


def _raw(out: bytes) -> list[tuple[str, str, str, str, str]]:
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


def _hunks(patch: str) -> str:
    """Return a file's patch as GitLab gives it: from the first hunk on."""
    at = patch.find("\n@@ ")
    return patch[at + 1 :] if at >= 0 else ""


def _unmerged(out: bytes) -> dict[bytes, dict[int, tuple[str, str]]]:
    found: dict[bytes, dict[int, tuple[str, str]]] = {}
    for line in out.split(b"\0"):
        if line:
            meta, path = line.split(b"\t", 1)
            mode, sha, stage = meta.decode().split()
            found.setdefault(path, {})[int(stage)] = (mode, sha)
    return found
