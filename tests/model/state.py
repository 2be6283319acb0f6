"""
What the model keeps of the world: one operation, its deciders, two replicas.

A value of `World` is everything that a next move may depend on, and nothing more: the
explorer meets the same value by many ways and goes on from it once.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bot.domain.audit import EventName
    from bot.domain.decision import Verdict
    from bot.domain.operation import State

# The route of what was asked for as an emergency: past those who decide.
GLASS = "glass"
REQUESTER, AUTHOR = "alice", "erin"
ON_CALL = ("bob", "dave", AUTHOR, REQUESTER)  # who asked may be on call: it is no help
OWNERS = ("carol",)
EVERYBODY = ("alice", "bob", "carol", "dave", "erin", "gina")


class Kind(Enum):
    """What acting a second time does, and what the world can tell about the first."""

    MERGE = "a merge request: merges once, at the approved commit only"
    REPEATABLE = "a playbook whose call names its effect: a second one finds the first"
    ONCE = "a playbook that does again whatever it is called for"


class Freeze(Enum):
    """Whether somebody has stopped all changes: once, and then no more."""

    NONE = "not yet"
    NOW = "in force"
    OVER = "lifted"


class Deed(Enum):
    """What a replica has in hand, to be done as its next transaction or call."""

    SAVE = "save"  # one transaction: state, decision, audit
    ANNOUNCE = "announce"  # one transaction: about to act
    ACT = "act"  # the call that cannot be taken back
    CLOSE = "close"  # one transaction: how it ended, on whatever is stored by then


class Said(NamedTuple):
    """A decision as it is stored; `head` stands for the digest it was given on."""

    member: str
    verdict: Verdict
    head: int


class Hand(NamedTuple):
    """
    A stage that has read and judged, and has not written yet.

    `fresh` is the compare-and-set: nobody saved the operation since it was read. `look`
    is the model's own judgement, made by no rule of the product's, of whether acting
    was right at the moment the product looked. `broke` is the glass that it breaks;
    `worded` is an end that a person tells who went and looked.
    """

    deed: Deed
    to: State | None
    event: EventName | None
    said: Said | None = None
    broke: Said | None = None
    worded: bool = False
    shown: int = -1
    fresh: bool = True
    locked: bool = False
    awake: bool = True
    look: bool = False


class World(NamedTuple):
    """
    All there is. `shown` is what hangs on the card, `head` what is really there.

    `broke` is who broke the glass, on what; nobody, where it was asked the usual way.
    `worded`: a person who looked has told how it ended.
    """

    state: State | None = None
    shown: int = -1
    head: int = 0
    said: tuple[Said, ...] = ()
    broke: Said | None = None
    worded: bool = False
    gone: tuple[str, ...] = ()
    late: bool = False
    freeze: Freeze = Freeze.NONE
    announced: bool = False
    looked: bool = False
    effects: int = 0
    hands: tuple[Hand | None, Hand | None] = (None, None)

    @property
    def held(self) -> bool:
        """Whether a replica holds the operation's lock."""
        return any(hand is not None and hand.locked for hand in self.hands)
