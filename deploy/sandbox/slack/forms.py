"""
Open modals: a stack of at most three views for each person.

Source: docs.slack.dev/surfaces/modals; limits in reference/methods/views.push.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from deploy.sandbox.slack.refusal import SlackRefusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deploy.sandbox.slack.journal import Journal
    from deploy.sandbox.slack.workspace import Json

MOST = 3


class Form(BaseModel):
    """One open view: what the app sent (`content`), and where it stands."""

    model_config = ConfigDict(frozen=True)

    id: str
    user: str
    root: str
    previous: str = ""
    hash: str
    content: dict[str, Any]

    @property
    def external_id(self) -> str:
        return str(self.content.get("external_id") or "")

    @property
    def blocks(self) -> list[Json]:
        return list(self.content.get("blocks") or [])


class Forms:
    """The store of open views."""

    def __init__(self, journal: Journal, now: Callable[[], datetime]) -> None:
        self._journal = journal
        self._now = now
        rows = (Form.model_validate(row) for row in journal.loaded("view"))
        self._open = {row.id: row for row in rows}

    def open(self, user: str, content: Json) -> Form:
        """Open a new root view; one that stood open before it is gone."""
        for old in self.stack(user):
            self.close(old)
        return self._add(user, content, previous=None)

    def push(self, user: str, content: Json, *, onto: str) -> Form:
        """Put a view on top of the one the gesture was made in."""
        previous = self._open.get(onto)
        if previous is None or previous.user != user:
            raise SlackRefusal("not_found")
        if len(self.stack(user)) >= MOST:
            raise SlackRefusal("push_limit_reached")
        return self._add(user, content, previous=previous)

    def _add(self, user: str, content: Json, *, previous: Form | None) -> Form:
        self._free(content, "")
        name = "V0" + secrets.token_hex(5).upper()
        return self._put(
            Form(
                id=name,
                user=user,
                root=previous.root if previous else name,
                previous=previous.id if previous else "",
                hash=self._hash(),
                content=content,
            )
        )

    def _free(self, content: Json, own: str) -> None:
        """Refuse an external id that another open view has."""
        wanted = content.get("external_id")
        if wanted and any(
            f.external_id == wanted for f in self._open.values() if f.id != own
        ):
            raise SlackRefusal("duplicate_external_id")

    def update(self, form: Form, content: Json, *, wanted: str = "") -> Form:
        """Replace what a view shows; `wanted` is the hash the app last saw."""
        if wanted and wanted != form.hash:
            raise SlackRefusal("hash_conflict")
        self._free(content, form.id)
        change = {"content": content, "hash": self._hash()}
        return self._put(form.model_copy(update=change))

    def find(self, *, view_id: str = "", external_id: str = "") -> Form:
        """The open view of this id; `not_found` otherwise."""
        for form in self._open.values():
            if view_id and form.id == view_id:
                return form
            if external_id and form.external_id == external_id:
                return form
        raise SlackRefusal("not_found")

    def stack(self, user: str) -> list[Form]:
        """A person's open views, the first at the bottom."""
        return [f for f in self._open.values() if f.user == user]

    def close(self, form: Form) -> None:
        self._journal.drop("view", form.id)
        self._open.pop(form.id, None)

    def _put(self, form: Form) -> Form:
        self._journal.put("view", form.id, form.model_dump(mode="json"))
        self._open[form.id] = form
        return form

    def _hash(self) -> str:
        return f"{int(self._now().timestamp())}.{secrets.token_hex(4)}"
