"""
Stage `look`: what a target is right now, whispered to the one who asked.

The front can mint nothing, so the worker looks: with AWS rights that only read, lent
for this look and given back, and with the token that only reads GitLab. What to look at
stands in the audit record of the question; a look that was answered is not repeated.
Whatever does not answer is named, and nothing is tried again behind the person's back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName
from bot.domain.aws_error import AwsRefusal
from bot.domain.editing.edit import as_typed
from bot.domain.errors import Broken, Refused, Unavailable
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.terraform.address import Address
from bot.domain.terraform.value import written_value
from bot.domain.writes import Writes
from bot.flow.lending import borrowed

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SecretStr

    from bot.domain.audit import Record
    from bot.domain.catalog import Client, Target
    from bot.domain.certificate import TlsSession
    from bot.domain.database import DatabaseSession
    from bot.domain.host import HostSession
    from bot.domain.playbook import AwsSession, LiveState, Observation, Repository
    from bot.ports import Back

LOCK = "tandem look "
_ABSENT = "refused.terraform-no-attribute"
_DATA = "data."


@dataclass(frozen=True, slots=True)
class LookRun:
    """What an observation is given when it reads for a person."""

    operation: str
    client: str
    aws: AwsSession
    back: Back

    @property
    def before(self) -> str:
        """Nothing was approved: a look has no state to compare with."""
        return ""

    @property
    def host(self) -> HostSession:
        """Never there: observations read AWS."""
        raise Broken(f"no host was lent for the look {self.operation}")

    @property
    def database(self) -> DatabaseSession:
        """Never there, like the host."""
        raise Broken(f"no database was lent for the look {self.operation}")

    @property
    def handed(self) -> bool:
        """Nothing comes of a look that could be handed over."""
        return False

    async def hand_over(self, secret: SecretStr, *, what: Message) -> None:  # noqa: ARG002 - there is none
        """Hand over nothing: a look makes no secret."""
        raise Broken(f"the look {self.operation} has no secret to hand over")

    @property
    def tls(self) -> TlsSession:
        """Never there, either."""
        raise Broken(f"no domain was lent for the look {self.operation}")

    @property
    def repository(self) -> Repository:
        """Never there either, for the same reason."""
        raise Broken(f"no repository is read for the look {self.operation}")

    async def progress(self, message: Message) -> None:
        """Say nothing: a look has no thread, its answer is all there is."""

    async def sleep(self, seconds: float) -> None:
        """Wait, on the clock that was handed in."""
        await self.back.sleep(seconds)

    def now(self) -> datetime:
        """Return the moment it is."""
        return self.back.now()


async def look(client: str, look_id: str, *, back: Back) -> None:
    """Look once at what was asked about, and tell the one who asked."""
    async with back.store.exclusive(LOCK + look_id) as mine:
        records = await back.store.records(client, operation=look_id)
        asked = next((r for r in records if r.event is EventName.LOOK_ASKED), None)
        told = any(r.event is EventName.LOOK_DONE for r in records)
        if mine and asked is not None and not told:
            await _look(client, look_id, asked, back=back)


async def _look(client: str, look_id: str, asked: Record, *, back: Back) -> None:
    body: dict[str, str] = json.loads(asked.body)
    owner = back.catalog.current().client(client)
    target = owner.target(body["target"]) if owner else None
    if owner is None or target is None:
        said = Message.of("look.gone", {"target": body["target"]})
    else:
        said = await _seen(target, owner, look_id, back=back)
    event = Event(
        name=EventName.LOOK_DONE,
        actor="tandem",
        source="worker",
        operation=look_id,
        body={"target": body["target"], "told": said.model_dump(mode="json")},
    )
    whisper = Outgoing(
        way=Way.WHISPER, place=body["channel"], user=body["user"], message=said
    )
    await back.store.write(
        Writes(client=client, at=back.now(), events=(event,), says=(whisper,))
    )


async def _seen(target: Target, owner: Client, look_id: str, *, back: Back) -> Message:
    observation = back.registry.observing(target, client=owner)
    if observation is None:
        return Message.of("look.unread", {"target": target.name})
    try:
        state = await _read(observation, owner, look_id, back=back)
    except AwsRefusal as refusal:
        why = {"code": refusal.code, "operation": refusal.operation}
        reason = Message.of("look.aws-refused", {**why})
        return Message.of("look.failed", {"target": target.name, "reason": reason})
    except Refused as refusal:
        args: dict[str, str | int | Message] = {
            "target": target.name,
            "reason": refusal.message,
        }
        return Message.of("look.failed", args)
    except Unavailable as error:
        return Message.of(
            "look.unavailable", {"target": target.name, "system": error.system}
        )
    return Message.of(
        "look.live",
        {
            "target": target.name,
            "at": back.now().strftime("%H:%M:%S UTC"),
            "state": ", ".join(f"{name} {value}" for name, value in state.items),
            "code": await _code(target, state, owner, look_id, back=back),
        },
    )


async def _read(
    observation: Observation, owner: Client, look_id: str, *, back: Back
) -> LiveState:
    scope, until = observation.scope(), back.now() + back.pace.action
    async with borrowed(
        back,
        client=owner.id,
        action=scope.name,
        operation=look_id,
        session_dies_at=until,
    ) as minted:
        session = await back.lender.aws_session(
            minted,
            client=owner.id,
            aws=owner.aws,
            scope=scope,
            operation=look_id,
            until=until,
        )
        return await observation.read(LookRun(look_id, owner.id, session, back))


async def _code(
    target: Target, state: LiveState, owner: Client, look_id: str, *, back: Back
) -> Message:
    """Return what the code says of what was read, and whether it is the same."""
    if target.terraform is None:
        return Message.of("look.not-in-code")
    if target.terraform.address.startswith(_DATA):
        return Message.of("look.code-silent")  # data says what is there, not what to be
    try:
        files = await _files(target.terraform.directory, owner, look_id, back=back)
        return _compared(files, target, state)
    except Unavailable as error:
        return Message.of("look.code-unavailable", {"system": error.system})
    except Refused as refusal:
        return Message.of("look.code-unread", {"reason": refusal.message})


async def _files(
    directory: str, owner: Client, look_id: str, *, back: Back
) -> dict[str, bytes]:
    async with borrowed(
        back, client=owner.id, action="gitlab-read", operation=look_id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=owner.id, purpose="gitlab-read"
        )
        found = await back.forge.read_tree(
            owner.gitlab.project,
            directory=directory,
            ref=owner.gitlab.default_branch,
            token=token,
        )
    return {one.path: one.content for one in found}


def _compared(files: dict[str, bytes], target: Target, state: LiveState) -> Message:
    """Compare what was read with what is written, name by name."""
    written, differs = [], False
    for name, value in state.items:
        try:
            found = _written(files, target, name)
        except Refused as refusal:
            if refusal.message.key == _ABSENT:
                continue  # the code leaves it open, so it can be no drift
            raise
        written.append(f"{name} {found}")
        differs = differs or found != value
    if not written:
        return Message.of("look.code-silent")
    key = "look.drift" if differs else "look.no-drift"
    return Message.of(key, {"written": ", ".join(written)})


def _written(files: dict[str, bytes], target: Target, name: str) -> str:
    place = target.terraform
    assert place is not None  # noqa: S101 - looked at by the caller
    value = written_value(
        files,
        root=place.directory,
        address=Address.parse(place.address),
        attribute=name,
    )
    return as_typed(value)
