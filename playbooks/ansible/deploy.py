"""
A client's own deployment playbook, run on one host at exactly one commit.

Its files are read from the client's project: for the card, again right before acting,
and once more to be run, by the commit's id and held against the hash that was approved.
What is not known to stay on the host is refused by whoever runs it. The host keeps two
notes of ours, by which it can be told what was deployed last, and after a crash whether
this one was begun and whether it is done.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Final

from bot.sdk import (
    AnsiblePlaybook,
    DeploymentName,
    Happened,
    HealthUrl,
    Line,
    LiveState,
    Message,
    NotVerified,
    Play,
    Preview,
    Refused,
    Verified,
    Version,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.sdk import Run, Scalar

_SPEC: Final = "argument_specs.yml"
# What the host has noted: the operation, the commit.
_NOTE: Final = re.compile(r"([a-z0-9-]{8,60}) ([0-9a-f]{40,64})")
_SHORT: Final = 12
Files = tuple[tuple[str, str], ...]


class Deploy(AnsiblePlaybook, name="ansible.deploy"):
    """Run a client's own playbook at one commit."""

    deployment: DeploymentName
    folder: str
    entry: str
    version: Version
    # A JSON object of texts, as the catalog gives them.
    texts: str = "{}"
    checks: bool = True
    health: HealthUrl | None = None
    # Found while looking, and then fixed.
    commit: str = ""
    content: str = ""

    def variables(self) -> Mapping[str, Scalar]:
        return {"deployment": self.deployment}

    def call(self) -> str:
        return (
            f"run {self.folder}/{self.entry} at {self.commit[:_SHORT] or self.version}"
            f" on {self.host}"
        )

    def facts(self, state: LiveState) -> tuple[Line, ...]:
        return tuple(
            Line(label=Message.of(f"playbook.deploy.fact-{name}"), value=value)
            for name, value in state.items
            if name in ("deployed", "commit", "title", "files")
        )

    def reached(self, state: LiveState) -> bool:
        return state.value("deployed") == self.commit

    async def preview(self, run: Run) -> Preview:
        found = await run.repository.commit(self.version)
        files = await run.repository.files(self.folder, commit=found.sha)
        content = hashed(files)
        if self.commit and (found.sha, content) != (self.commit, self.content):
            # It is another one than was approved: nothing of it is tried.
            return Preview(
                facts=(),
                calls=(),
                state=LiveState(items=()),
                commit=found.sha,
                content=content,
            )
        at = self.model_copy(update={"commit": found.sha, "content": content})
        # First, for what may not run is refused before any host is reached.
        diff, changed = await at.tried(run, files)
        before = await at.to_go_back_to(run)
        state = LiveState(
            items=(
                ("deployed", before or "-"),
                ("commit", found.sha),
                ("title", found.title[:100]),
                ("files", str(len(files))),
                ("diff", hashlib.sha256(diff.encode()).hexdigest()),
            )
        )
        return Preview(
            facts=at.facts(state),
            calls=(at.call(),),
            state=state,
            diff=diff,
            warnings=at.worth_knowing(
                reviewed=found.on_default_branch, changed=changed
            ),
            pinned={"commit": found.sha, "content": content},
            commit=found.sha,
            content=content,
        )

    async def run(self, run: Run) -> None:
        files = await self._approved(run)
        note = f"{run.operation} {self.commit}"
        await self.note(run, moment="begun", note=note)
        await self.played(run, self._play(files), self._theirs())
        await self.note(run, moment="done", note=note)

    async def verify(self, run: Run) -> Verified | NotVerified:
        if self.health is not None:
            play = Play(files=self.files, entry="health.yml")
            played = await run.host.play(play, variables={"health": self.health})
            if played.failed is not None:
                return self.lost()
            return self._well("playbook.deploy.healthy", self.health)
        files = await self._approved(run)
        _, changed = await self.tried(run, files)
        if changed:
            about = {"call": self.call()}
            return NotVerified(reason=Message.of("playbook.deploy.unsteady", {**about}))
        return self._well("playbook.deploy.steady", self.commit)

    async def happened(self, run: Run) -> Happened:
        """Return what the host has noted of this very operation."""
        noted = await self.read(run)
        if _operation(noted.value("done")) == run.operation:
            return Happened.YES
        if _operation(noted.value("begun")) == run.operation:
            return Happened.UNKNOWN
        return Happened.NO

    async def deployed(self, run: Run) -> str:
        """Return the commit that was deployed last, as far as the host knows."""
        noted = (await self.read(run)).value("done") or ""
        found = _NOTE.fullmatch(noted)
        return found[2] if found else ""

    async def to_go_back_to(self, run: Run) -> str:
        """
        Return the commit that was deployed last, if it can be deployed again.

        A host outlives a project's history: what was squashed, or came from another
        project, is no way back to promise on a card.
        """
        before = await self.deployed(run)
        try:
            return before and (await run.repository.commit(before)).sha
        except Refused:
            return ""

    async def _approved(self, run: Run) -> Files:
        """Return the files of the approved commit, once they are seen to be those."""
        files = await run.repository.files(self.folder, commit=self.commit)
        if hashed(files) != self.content:
            about = {"commit": self.commit[:_SHORT], "folder": self.folder}
            raise Refused(Message.of("playbook.deploy.other-files", {**about}))
        return files

    async def tried(self, run: Run, files: Files) -> tuple[str, bool]:
        """Return what the playbook would change, and whether it would."""
        if not self.checks:
            return "", False
        would = await run.host.play(
            self._play(files), variables=self._theirs(), check=True
        )
        self.must_have_gone_well(would)
        return would.diff, would.changed

    async def note(self, run: Run, *, moment: str, note: str) -> None:
        """Have the host note how far this operation has come."""
        about = {"deployment": self.deployment, "moment": moment, "note": note}
        play = Play(files=self.files, entry="run.yml")
        self.must_have_gone_well(await run.host.play(play, variables={**about}))

    def _play(self, files: Files) -> Play:
        """Return the client's playbook, with our word on which variables there are."""
        options = {name: {"type": "str"} for name in self._theirs()}
        spec = json.dumps({"argument_specs": {"main": {"options": options}}})
        theirs = tuple(one for one in files if one[0] != _SPEC)
        return Play(files=(*theirs, (_SPEC, spec)), entry=self.entry, foreign=True)

    def _theirs(self) -> dict[str, Scalar]:
        """Return the variables of the client's playbook."""
        given: dict[str, str] = json.loads(self.texts)
        about = {"deploy_version": self.version, "deploy_commit": self.commit}
        return {**given, **about}

    def worth_knowing(self, *, reviewed: bool, changed: bool) -> tuple[Message, ...]:
        """Return what those who decide should know of it."""
        said = []
        if not reviewed:
            about = {"commit": self.commit[:_SHORT]}
            said.append(Message.of("playbook.deploy.not-merged", {**about}))
        if not self.checks:
            said.append(Message.of("playbook.deploy.untried"))
        elif not changed:
            said.append(Message.of("playbook.deploy.shows-nothing"))
        return tuple(said)

    def _well(self, key: str, value: str) -> Verified:
        return Verified(facts=(Line(label=Message.of(key), value=value),))


def hashed(files: Sequence[tuple[str, str]]) -> str:
    """Return one hash over the paths and contents of all files."""
    return hashlib.sha256(json.dumps(sorted(files)).encode()).hexdigest()


def _operation(note: str | None) -> str | None:
    found = _NOTE.fullmatch(note or "")
    return found[1] if found else None
