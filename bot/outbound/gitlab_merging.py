"""
Merging, closing and writing under a merge request; runs in a thread.

Merging names the approved commit, and whatever GitLab answers or does not answer, how
the request stands is read back before anything is said about it.
"""

from __future__ import annotations

from typing import Final

from bot.domain.errors import OutcomeUnknown, Unavailable
from bot.domain.forge import HeadMoved, Merged, MergeOutcome, NotMergeable
from bot.outbound import gitlab_shapes as shapes
from bot.outbound.gitlab_reading import Reading
from bot.outbound.gitlab_wire import SYSTEM, Absent, Rejected, absent, rejected

_LOOKS: Final = 5
_PAUSE: Final = 1.0


class Merging(Reading):
    """Ends a merge request one way or the other."""

    def merge(self, iid: int, *, sha: str, message: str) -> MergeOutcome:
        """Merge exactly `sha`; OutcomeUnknown when GitLab may still be at it."""
        before = self._settled(iid)
        if (known := _outcome(before, sha)) is not None:
            return known
        # A project may squash whatever is asked for: then that commit is the last one.
        body: dict[str, object] = {
            "sha": sha,
            "squash": False,
            "merge_commit_message": message,
            "squash_commit_message": message,
        }
        path = f"{self._path}/merge_requests/{iid}/merge"
        try:
            after = self._gitlab.put(path, shapes.Request, body=body)
        except OutcomeUnknown:
            return self._after_silence(iid, sha)
        except Absent:
            raise absent(f"merge request !{iid} of {self._project}") from None
        except Rejected as refusal:
            return self._after_refusal(iid, sha, refusal)
        known = _outcome(after, sha)
        return known if known is not None else self._after_silence(iid, sha)

    def _settled(self, iid: int) -> shapes.Request:
        """Return the request once GitLab knows whether it can be merged, or so far."""
        found = self.request(iid)
        for _ in range(_LOOKS):
            if found.detailed_merge_status not in shapes.UNDECIDED:
                break
            self._pause(_PAUSE)
            found = self.request(iid)
        return found

    def _after_silence(self, iid: int, sha: str) -> MergeOutcome:
        """Look whether it was merged; that it is still open proves nothing."""
        now = self.request(iid)
        if now.state == "merged" and (known := _outcome(now, sha)) is not None:
            return known
        raise OutcomeUnknown(SYSTEM, f"merging !{iid}: no answer, not merged yet")

    def _after_refusal(self, iid: int, sha: str, refusal: Rejected) -> MergeOutcome:
        """Say why it was not merged, from how the request stands now."""
        now = self.request(iid)
        if (known := _outcome(now, sha)) is not None:
            return known
        if now.detailed_merge_status in shapes.UNDECIDED:
            raise Unavailable(SYSTEM, f"!{iid}: {now.detailed_merge_status}")
        if now.detailed_merge_status not in {"", "mergeable"}:
            return NotMergeable(reason=now.detailed_merge_status)
        return NotMergeable(reason=refusal.detail or str(refusal.status))

    def close(self, iid: int, *, note: str) -> bool:
        """Close an open request and say why; False when it was not open."""
        if self.request(iid).state != "opened":
            return False
        path = f"{self._path}/merge_requests/{iid}"
        try:
            self._gitlab.put(path, shapes.Request, body={"state_event": "close"})
        except OutcomeUnknown:
            if self.request(iid).state != "closed":
                raise
        except Rejected as refusal:
            raise rejected("close the merge request", refusal) from refusal
        self.note(iid, note)
        return True

    def note(self, iid: int, body: str) -> None:
        path = f"{self._path}/merge_requests/{iid}/notes"
        try:
            self._gitlab.post(path, shapes.Note, body={"body": body})
        except Absent:
            raise absent(f"merge request !{iid} of {self._project}") from None
        except Rejected as refusal:
            raise rejected("write a note", refusal) from refusal


def _outcome(request: shapes.Request, sha: str) -> MergeOutcome | None:
    """Return what is decided already, None while merging may be tried."""
    commit = request.merged_as
    if request.sha != sha:
        return HeadMoved(head_sha=request.sha or "")
    if commit is not None:
        by = request.merge_user.username if request.merge_user else ""
        return Merged(sha=commit, by=by)
    if request.state == "locked":
        raise OutcomeUnknown(SYSTEM, f"!{request.iid} is being merged")
    if request.state == "closed":
        return NotMergeable(reason="closed")
    return None
