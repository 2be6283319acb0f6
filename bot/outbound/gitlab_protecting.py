"""
What a branch's protection lets developers do, and setting it; runs in a thread.

Looking takes the branch, which a token that can only read may see. Setting takes a
maintainer's token: GitLab shows and changes protection to nobody less. A licence that
can change a protection is asked to; without one it has to be taken away and made anew,
and the branch is open to developers for that moment.
https://docs.gitlab.com/api/protected_branches/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.errors import OutcomeUnknown
from bot.domain.ladder import Protection
from bot.outbound import gitlab_shapes as shapes
from bot.outbound.gitlab_reading import Reading
from bot.outbound.gitlab_wire import SYSTEM, Absent, Rejected, absent, rejected, segment

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEVELOPER: Final = 30
_MAINTAINER: Final = 40
_ACTION: Final = "protect the branch"


class Protecting(Reading):
    """Looks at the protection of a branch, and sets it."""

    def protection(self, branch: str) -> Protection:
        """Return what developers may do with a branch now."""
        found = self._branch(branch)
        if found is None:
            raise absent(f"the branch {branch} of {self._project}")
        if not found.protected:
            return Protection(
                is_protected=False, developers_push=True, developers_merge=True
            )
        return Protection(
            is_protected=True,
            developers_push=found.developers_can_push,
            developers_merge=found.developers_can_merge,
        )

    def protect(self, branch: str, *, wanted: Protection) -> Protection:
        """Set a branch's protection, and return how it is then; again does nothing."""
        try:
            self._set(branch, wanted)
        except Absent:
            raise absent(f"the protection of {branch} in {self._project}") from None
        except Rejected as refusal:
            raise rejected(_ACTION, refusal) from refusal
        return self.protection(branch)

    def _set(self, branch: str, wanted: Protection) -> None:
        if self.protection(branch) == wanted:
            return
        rule = self._rule(branch)
        if rule is not None and self._changed(rule, wanted):
            return
        if rule is not None:
            self._gitlab.delete(self._place(branch))
        self._made(branch, wanted)

    def _rule(self, branch: str) -> shapes.ProtectedBranch | None:
        return self._gitlab.find(self._place(branch), shapes.ProtectedBranch)

    def _changed(self, rule: shapes.ProtectedBranch, wanted: Protection) -> bool:
        """Change the rule in place; False where the licence leaves it as it was."""
        body = {
            "allow_force_push": False,
            "allowed_to_push": _edits(
                rule.push_access_levels, developers=wanted.developers_push
            ),
            "allowed_to_merge": _edits(
                rule.merge_access_levels, developers=wanted.developers_merge
            ),
        }
        place = self._place(rule.name)
        try:
            self._gitlab.patch(place, shapes.ProtectedBranch, body=body)
        except (Absent, Rejected):
            return False  # an older GitLab, or one that knows no such parameter
        return self.protection(rule.name) == wanted

    def _made(self, branch: str, wanted: Protection) -> None:
        body: dict[str, object] = {
            "name": branch,
            "push_access_level": _level(developers=wanted.developers_push),
            "merge_access_level": _level(developers=wanted.developers_merge),
            "allow_force_push": False,
        }
        path = f"{self._path}/protected_branches"
        try:
            self._gitlab.post(path, shapes.ProtectedBranch, body=body)
        except OutcomeUnknown:
            if self.protection(branch) != wanted:
                raise
        if self.protection(branch) != wanted:
            raise OutcomeUnknown(SYSTEM, f"{branch} is not protected as asked")

    def _place(self, branch: str) -> str:
        return f"{self._path}/protected_branches/{segment(branch)}"


def _level(*, developers: bool) -> int:
    return _DEVELOPER if developers else _MAINTAINER


def _edits(
    levels: Sequence[shapes.AccessLevel], *, developers: bool
) -> list[dict[str, int]]:
    """Return what has to change among the levels; people named one by one stay."""
    roles = [one for one in levels if one.is_role]
    if developers:
        if any(one.access_level == _DEVELOPER for one in roles):
            return []
        if roles:
            return [{"id": roles[0].id, "access_level": _DEVELOPER}]
        return [{"access_level": _DEVELOPER}]
    return [
        {"id": one.id, "access_level": _MAINTAINER}
        for one in roles
        if 0 < one.access_level < _MAINTAINER
    ]
