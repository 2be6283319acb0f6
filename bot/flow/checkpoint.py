"""How long a client's chain is, signed by a key kept apart, and told to its people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import Checkpoint, Event, EventName
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.writes import Writes

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports import Front, Notary


async def sign(
    client: str, *, front: Front, notary: Notary, source: str
) -> Checkpoint | None:
    """
    Sign the chain as it stands, store and publish that; None when there is nothing new.

    Nothing new is also what only the last checkpoint itself has added.
    """
    seq, head = await front.store.head(client)
    last = await front.store.last_checkpoint(client)
    if seq == 0 or (last is not None and last.seq + 1 >= seq):
        return None
    unsigned = Checkpoint(client=client, seq=seq, head=head, at=front.now())
    signature = await notary.sign(unsigned.payload())
    signed = unsigned.model_copy(update={"signature": signature})
    event = Event(
        name=EventName.CHECKPOINT_SIGNED,
        actor="tandem",
        source=source,
        body={"seq": seq, "head": head},
    )
    await front.store.write(
        Writes(
            client=client,
            at=signed.at,
            checkpoints=(signed,),
            events=(event,),
            says=_published(signed, front=front),
        )
    )
    return signed


async def last_signed(client: str, *, front: Front) -> datetime:
    """Return the moment of the last checkpoint, or else of the first record."""
    last = await front.store.last_checkpoint(client)
    if last is not None:
        return last.at
    first = await front.store.records(client, most=1)
    return first[0].at if first else front.now()


def _published(signed: Checkpoint, *, front: Front) -> tuple[Outgoing, ...]:
    """Say it where its own people keep it: a witness outside the database."""
    catalog = front.catalog.current()
    args: dict[str, str | int | Message] = {
        "seq": signed.seq,
        "head": signed.head[:16],
    }
    client = catalog.client(signed.client)
    if client is not None:
        room, message = client.channels[0], Message.of("announce.checkpoint", args)
    elif signed.client == catalog.provider.id:
        room = catalog.provider.escalation_channel
        message = Message.of("announce.checkpoint-own", args)
    else:
        return ()
    return (Outgoing(way=Way.ANNOUNCE, place=room.id, message=message),)
