"""
What is looked at in merge requests that others opened; runs in a thread.

Bounded as all reading is: so many requests, files and bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from bot.domain.errors import OutcomeUnknown
from bot.domain.guidelines import ChangedFile
from bot.outbound import gitlab_shapes as shapes
from bot.outbound.gitlab_merging import Merging
from bot.outbound.gitlab_reading import (
    LARGEST_FILE,
    LARGEST_TREE,
    MOST_FILES,
)
from bot.outbound.gitlab_wire import Absent, too_large

if TYPE_CHECKING:
    from bot.domain.forge import ListedRequest

_MOST_REQUESTS: Final = 200
_MOST_NOTES: Final = 500


class Watching(Merging):
    """Looks at other people's merge requests, and writes a note under one."""

    def listed(
        self, branch: str, *, state: Literal["opened", "merged"], most: int
    ) -> tuple[ListedRequest, ...]:
        """Return the newest requests into a branch, at most 200."""
        found = self._gitlab.many(
            f"{self._path}/merge_requests",
            shapes.Request,
            most=min(most, _MOST_REQUESTS),
            query={"target_branch": branch, "state": state, "sort": "desc"},
        )
        return tuple(shapes.listed(one) for one in found if one.target_branch == branch)

    def changes(self, iid: int) -> tuple[ChangedFile, ...]:
        """Return what a request changes, whole files before and after."""
        request = self.request(iid)
        paths = sorted(self.contents(request).changed_paths)
        if len(paths) > MOST_FILES:
            raise too_large(f"merge request !{iid}", f"{MOST_FILES} files")
        base = (request.diff_refs and request.diff_refs.base_sha) or ""
        left, found = LARGEST_TREE, []
        for path in paths:
            before = self._perhaps(path, ref=base, most=left)
            after = self._perhaps(path, ref=request.sha or "", most=left)
            left -= len(before or b"") + len(after or b"")
            found.append(ChangedFile(path, before, after))
        return tuple(found)

    def _perhaps(self, path: str, *, ref: str, most: int) -> bytes | None:
        """Return a file, or None where there is none at that commit."""
        if not ref:
            return None
        try:
            return self._file(path, ref=ref, most=min(most, LARGEST_FILE))
        except Absent:
            return None

    def note_once(self, iid: int, body: str, *, key: str) -> None:
        """Write a note unless one of ours with this key is there already."""
        if self._noted(iid, key):
            return
        try:
            self.note(iid, f"{body}\n\n`{key}`")
        except OutcomeUnknown:
            if not self._noted(iid, key):
                raise

    def _noted(self, iid: int, key: str) -> bool:
        me = self._gitlab.get("/user", shapes.Who).username
        notes = self._gitlab.many(
            f"{self._path}/merge_requests/{iid}/notes",
            shapes.WrittenNote,
            most=_MOST_NOTES,
        )
        return any(
            one.author.username == me and f"`{key}`" in one.body for one in notes
        )
