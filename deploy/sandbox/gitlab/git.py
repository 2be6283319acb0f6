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
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.sandbox.gitlab.git_says import (
    CommitInfo,
    Edit,
    FileDiff,
    Signature,
    TreeEntry,
    commit_of,
    entries,
    hunks,
    raw_of,
    unmerged,
)
from deploy.sandbox.gitlab.refs import FULL, UnsureError, pointed, ref_name

if TYPE_CHECKING:
    from datetime import datetime

ZERO: Final = "0" * 40
_SHA: Final = re.compile(r"[0-9a-f]{7,40}")
_FIXED: Final = re.compile(rf"\^?{FULL.pattern}(\.\.\.?{FULL.pattern})?")
_TIMEOUT: Final = 60.0
# Of what is remembered: how many answers, and the bytes of the longest.
_MOST, _LONGEST = 4096, 1 << 16


class GitError(Exception):
    """A git command failed; the text is its standard error."""


class Repository:
    """A bare repository. Refs handed in are branch names or commit ids."""

    def __init__(self, directory: Path, *, path: str) -> None:
        self.directory = directory
        self._known: dict[tuple[str, ...], bytes] = {}
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

    async def _asked(self, *args: str, of: tuple[str, ...]) -> bytes:
        """
        Return what git says of some objects: `of` is how `args` names them.

        What full ids name never changes, so git is asked once.
        """
        if (known := self._known.get(args)) is not None:
            return known
        said = await self.run(*args)
        if len(said) <= _LONGEST and all(_FIXED.fullmatch(name) for name in of):
            if len(self._known) >= _MOST:
                self._known.pop(next(iter(self._known)))
            self._known[args] = said
        return said

    async def create(self, default_branch: str) -> None:
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        await self.run("init", "-q", "--bare", str(self.directory))
        await self.run("symbolic-ref", "HEAD", f"refs/heads/{default_branch}")

    async def branch(self, name: str) -> str | None:
        """Return a branch's head, None if there is no such branch."""
        if ref_name(name) is None:
            return None
        ref = f"refs/heads/{name}"
        try:
            return pointed(self.directory, ref)
        except UnsureError:
            return await self._verify(ref)

    async def resolve(self, ref: str) -> str | None:
        """Return the commit of a branch, a tag or a (short) commit id."""
        if (sha := await self.branch(ref)) is not None:
            return sha
        if (sha := await self._tag(ref)) is not None:
            return sha
        return await self._verify(ref) if _SHA.fullmatch(ref) else None

    async def _tag(self, name: str) -> str | None:
        if ref_name(name) is None:
            return None
        ref = f"refs/tags/{name}"
        try:
            if pointed(self.directory, ref) is None:
                return None
        except UnsureError:
            pass
        return await self._verify(ref)  # it may be a tag with a message of its own

    async def _verify(self, name: str) -> str | None:
        """Return the commit that this leads to."""
        commit = f"{name}^{{commit}}"
        try:
            out = await self._asked("rev-parse", "-q", "--verify", commit, of=(name,))
        except GitError:
            return None
        return out.decode().strip()

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
            return await self._asked(
                "cat-file", "blob", f"{commit}:{path}", of=(commit,)
            )
        except GitError:
            return None

    async def entry(self, commit: str, path: str) -> TreeEntry | None:
        out = await self._asked("ls-tree", "-z", commit, "--", path, of=(commit,))
        found = entries(out)
        return found[0] if found else None

    async def tree(
        self, commit: str, *, path: str, recursive: bool
    ) -> list[TreeEntry] | None:
        """Return what a folder holds, None if it is not a folder of that commit."""
        where = f"{commit}:{path.strip('/')}"
        flags = ["-r", "-t"] if recursive else []
        try:
            out = await self._asked("ls-tree", "-z", *flags, where, of=(commit,))
        except GitError:
            return None
        prefix = f"{path.strip('/')}/" if path.strip("/") else ""
        return [
            TreeEntry(mode=e.mode, kind=e.kind, sha=e.sha, path=prefix + e.path)
            for e in entries(out)
        ]

    async def last_commit_of(self, commit: str, path: str) -> str:
        args = ("log", "-1", "--format=%H", commit, "--", path)
        return (await self._asked(*args, of=(commit,))).decode().strip()

    async def commits(
        self, *revisions: str, path: str = "", limit: int = 1000
    ) -> list[CommitInfo]:
        """Return commits newest first; `revisions` as git log takes them."""
        form = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00%x1e"
        tail = ["--", path] if path else ["--"]
        args = ("log", f"-{limit}", f"--format={form}", *revisions, *tail)
        out = await self._asked(*args, of=revisions)
        pieces = out.decode("utf-8", "replace").split("\0\x1e")
        return [commit_of(piece) for piece in pieces if piece.strip()]

    async def commit(self, sha: str) -> CommitInfo:
        return (await self.commits(sha, limit=1))[0]

    async def merge_base(self, one: str, other: str) -> str | None:
        try:
            out = await self._asked("merge-base", one, other, of=(one, other))
        except GitError:
            return None
        return out.decode().strip()

    async def contains(self, commit: str, *, ancestor: str) -> bool:
        return await self.merge_base(commit, ancestor) == ancestor

    async def diff(self, base: str, head: str) -> list[FileDiff]:
        """Return the differing files with their patches, renames found."""
        common = ("diff", "--no-color", "--no-ext-diff", "-M", "--full-index")
        of = (base, head)
        raw = await self._asked(*common, "--raw", "-z", *of, of=of)
        patch = await self._asked(*common, "-p", *of, of=of)
        text = patch.decode("utf-8", "replace")
        pieces = [piece for piece in re.split(r"(?m)^(?=diff --git )", text) if piece]
        return [
            FileDiff(*meta, patch=hunks(piece))
            for meta, piece in zip(raw_of(raw), pieces, strict=True)
        ]

    async def changed_paths(self, base: str, head: str) -> list[str]:
        args = ("diff", "--name-only", "-z", "--no-renames", base, head)
        out = await self._asked(*args, of=(base, head))
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
            for path, stages in unmerged(out).items():
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
