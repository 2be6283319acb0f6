"""
Issues of a project: one is opened, and found again by a line of its own.

Runs in a thread. Opening is never repeated here: whoever got no answer looks first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.forge import IssueState
from bot.outbound import gitlab_shapes as shapes
from bot.outbound.gitlab_reading import Reading
from bot.outbound.gitlab_wire import Rejected, rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST: Final = 100


class Issues(Reading):
    """Opens issues, and looks for those that this token's user opened."""

    def open_issue(
        self, *, title: str, description: str, labels: Sequence[str]
    ) -> IssueState:
        """Return the new issue; text of people must come through `gitlab_text`."""
        body = {"title": title, "description": description, "labels": ",".join(labels)}
        try:
            made = self._gitlab.post(f"{self._path}/issues", shapes.Issue, body=body)
        except Rejected as refusal:
            raise rejected("open an issue", refusal) from refusal
        return IssueState(iid=made.iid, url=made.web_url)

    def find_issue(self, mark: str) -> IssueState | None:
        """
        Return the issue with exactly this line in its description, if we opened it.

        Whoever may write issues can copy the line: the author cannot be copied.
        """
        me = self._gitlab.get("/user", shapes.Who).username
        listed = self._gitlab.many(
            f"{self._path}/issues",
            shapes.Issue,
            most=_MOST,
            query={"search": mark, "in": "description", "scope": "all"},
        )
        for one in listed:
            lines = (one.description or "").splitlines()
            if one.author.username == me and mark in lines:
                return IssueState(iid=one.iid, url=one.web_url)
        return None
