"""
Issues of a project: opened, found again by a line of their own, answered.

Runs in a thread. Opening is never repeated here: whoever got no answer looks first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.audit import instant
from bot.domain.forge import IssueState, TitledIssue
from bot.outbound import gitlab_shapes as shapes
from bot.outbound.gitlab_reading import Reading
from bot.outbound.gitlab_wire import Absent, Rejected, absent, rejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_MOST: Final = 100


class Issues(Reading):
    """Opens issues, looks for some, and writes under them."""

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

    def titled_issues(
        self, words: str, *, since: datetime, author: str | None
    ) -> tuple[TitledIssue, ...]:
        """
        Return the newest issues since a moment with these words in their title.

        GitLab's search is a wide one, and what it takes for the author's name too: the
        caller compares.
        """
        query: dict[str, str | int | bool] = {
            "search": words,
            "in": "title",
            "scope": "all",
            "created_after": instant(since),
        }
        if author is not None:
            query["author_username"] = author
        listed = self._gitlab.many(
            f"{self._path}/issues", shapes.Issue, most=_MOST, query=query
        )
        return tuple(
            TitledIssue(one.iid, one.web_url, one.title, one.author.username)
            for one in listed
        )

    def answer_issue(self, iid: int, body: str) -> None:
        """Write under an issue; people's text must come through `gitlab_text`."""
        try:
            self._gitlab.post(
                f"{self._path}/issues/{iid}/notes", shapes.Note, body={"body": body}
            )
        except Rejected as refusal:
            raise rejected("answer an issue", refusal) from refusal
        except Absent:
            raise absent(f"issue {iid}") from None
