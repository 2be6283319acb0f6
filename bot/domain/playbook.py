"""
The shape of a playbook, and of an observation.

A playbook is a named procedure that carries out a direct action: a frozen model whose
fields are its inputs. It says what it needs (`scope`), shows what it would do
(`preview`), does it (`run`), checks the world afterwards (`verify`) and can tell after
a crash whether it was done (`happened`). An observation only reads; it checks what a
merge request was to achieve.

Both get the world as a `Run`. Neither knows Slack, Vault or the database. Finding them
by name is the registry's.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from abc import ABC, abstractmethod
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

from pydantic import Field

from bot.domain.change import DirectAction, Effect, Scalar
from bot.domain.errors import Broken
from bot.domain.frozen import Frozen
from bot.domain.message import Message
from bot.domain.proposal import Line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pydantic import SecretStr

    from bot.domain.catalog import Client, Target
    from bot.domain.certificate import TlsSession
    from bot.domain.database import DatabaseSession
    from bot.domain.forge import CommitAt
    from bot.domain.host import HostSession
    from bot.domain.scope import AwsScope, Scope

AwsService = Literal["ec2", "elbv2", "rds", "sts"]
# The names of the file and its folder: whoever reads the name finds the file.
_NAME: Final = re.compile(r"[a-z]{2,20}\.[a-z][a-z0-9_]{1,40}")


class AwsSession(Protocol):
    """AWS, as far as lent credentials reach, until they end."""

    async def call(
        self, service: AwsService, operation: str, parameters: Mapping[str, object]
    ) -> Mapping[str, Any]:
        """
        Return AWS's answer to one operation, such as `DescribeDBInstances`.

        Raises `AwsRefusal` (nothing happened), `Unavailable` (nothing happened) or
        `OutcomeUnknown` (a changing call was sent and its answer was not understood).
        """


class Repository(Protocol):
    """The client's own project in GitLab, to be read at one commit."""

    async def commit(self, version: str) -> CommitAt:
        """Return the commit that a tag, a branch or an id names now."""

    async def files(self, folder: str, *, commit: str) -> tuple[tuple[str, str], ...]:
        """
        Return the files below a folder, by their path in it.

        Raises `Refused` for what is not there, or is not text.
        """


class Run(Protocol):
    """What a playbook is given: one operation, its credentials, a voice, a clock."""

    @property
    def operation(self) -> str:
        """The operation's id; names of things made for it derive from it."""

    @property
    def client(self) -> str:
        """The client whose things these are."""

    @property
    def before(self) -> str:
        """Fingerprint of the live state that was approved; before that, empty."""

    @property
    def aws(self) -> AwsSession:
        """AWS by the credentials lent for this operation; Broken if there are none."""

    @property
    def host(self) -> HostSession:
        """The one host that the lent certificate opens; Broken if none was lent."""

    @property
    def database(self) -> DatabaseSession:
        """The one server that a user was lent on; Broken if none was lent."""

    @property
    def handed(self) -> bool:
        """Whether a secret of this operation was handed over already."""

    async def hand_over(self, secret: SecretStr, *, what: Message) -> None:
        """
        Give a secret to the one who asked, once; the message says what it is.

        It goes to them alone, wrapped by Vault so that it can be opened once. After
        this `handed` is true for good; whoever comes after a crash finds it so.
        """

    @property
    def tls(self) -> TlsSession:
        """The one domain whose certificates were lent; Broken if none was."""

    @property
    def repository(self) -> Repository:
        """The client's project, by a token that is lent for each look and reads."""

    async def progress(self, message: Message) -> None:
        """Say how far it has come, in the operation's thread."""

    async def sleep(self, seconds: float) -> None:
        """Wait; the only way a playbook waits."""

    def now(self) -> datetime:
        """Return the present, in UTC."""


class LiveState(Frozen):
    """What was read of the world, as names and values in a fixed order."""

    items: tuple[tuple[str, str], ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex; differs if any name or value does."""
        canonical = json.dumps(self.items, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def value(self, name: str) -> str | None:
        """Return the value of that name, or nothing if it was not read."""
        return dict(self.items).get(name)


class Preview(Frozen):
    """
    What a playbook shows before anybody decides; `state` is bound by the digest.

    `pinned` are inputs that were found while looking, such as the id behind a name:
    from then on the action is fixed to them, and its rights name them literally.
    `commit` and `content` are bound too, where what runs is a client's own: the commit
    that its version names, and the hash of its files.
    """

    facts: tuple[Line, ...]
    calls: tuple[str, ...]
    state: LiveState
    diff: str = ""
    warnings: tuple[Message, ...] = ()
    pinned: dict[str, Scalar] = Field(default_factory=dict)
    commit: str = ""
    content: str = ""


class Verified(Frozen):
    """The world is as the playbook promised; `facts` are what was read."""

    facts: tuple[Line, ...] = ()


class NotVerified(Frozen):
    """The world is not as promised."""

    reason: Message


class Happened(StrEnum):
    """Whether the effect is there, for whoever finds an operation that was running."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class _Procedure(Frozen, ABC):
    """What playbooks and observations share: a name, and the source they came from."""

    name: ClassVar[str]
    source_hash: ClassVar[str]

    def __init_subclass__(cls, *, name: str = "", **_: object) -> None:
        """Take the declared name, and the hash of the file the class is written in."""
        super().__init_subclass__()
        if not name:
            return
        if not _NAME.fullmatch(name):
            raise Broken(f"a playbook is named folder.file, got {name!r}")
        cls.name = name
        # Taken now, when Python has just read the same file: later the file may have
        # been replaced on disk while the old code still runs.
        file = sys.modules[cls.__module__].__file__
        if file is None:
            raise Broken(f"playbook {name!r} has no source file to be bound to")
        cls.source_hash = hashlib.sha256(Path(file).read_bytes()).hexdigest()

    def inputs(self) -> dict[str, Scalar]:
        """Return the inputs as the plain values they are stored as."""
        values: dict[str, Scalar] = self.model_dump(mode="json", exclude_none=True)
        return values

    @classmethod
    def actions(cls) -> tuple[str, ...]:
        """Return the names that its scopes may have: one to read, one to act."""
        stem = cls.name.partition(".")[2].replace("_", "-")
        return (f"{stem}-read", stem)


class Playbook(_Procedure):
    """A procedure that changes the world, once an operation was approved."""

    # Whether `run` may be called again for the same operation without a second effect.
    repeatable: ClassVar[bool] = False

    @abstractmethod
    def preview_scope(self) -> Scope:
        """Return the rights that `preview` and `happened` need: reading only."""

    @abstractmethod
    def scope(self, operation: str) -> Scope:
        """Return the rights that `run` and `verify` need, all literal."""

    @abstractmethod
    async def preview(self, run: Run) -> Preview:
        """Return what would be done, and the state it would be done to."""

    @abstractmethod
    async def run(self, run: Run) -> None:
        """Do it. Returns when the world has settled, well or badly."""

    @abstractmethod
    async def verify(self, run: Run) -> Verified | NotVerified:
        """Return whether the world is now as promised."""

    @abstractmethod
    async def happened(self, run: Run) -> Happened:
        """Return whether `run` had its effect, whoever started it."""

    def undo(self) -> Message | None:
        """Return how to go back, or nothing if there is no way back."""
        return None

    def planned(self, title: Message) -> DirectAction:
        """Return this procedure, with these inputs, as a change. Runs nothing."""
        return DirectAction(title=title, playbook=self.name, inputs=self.inputs())


class Observation(_Procedure):
    """A question to the world that changes nothing."""

    @classmethod
    def actions(cls) -> tuple[str, ...]:
        """Return the one name that its scope may have."""
        return super().actions()[:1]

    @classmethod
    def of(cls, target: Target, client: Client) -> Observation | None:  # noqa: ARG003 - for those that override it
        """
        Return the observation that reads this target's live state, if this one can.

        One of all observations answers for a kind of target. What it reads is named as
        Terraform names it, so that it can be compared with the code.
        """
        return None

    @abstractmethod
    def scope(self) -> AwsScope:
        """Return the rights that `read` needs: reading only."""

    @abstractmethod
    async def read(self, run: Run) -> LiveState:
        """Return what is there now."""

    def expecting(self, expected: dict[str, str]) -> Effect:
        """Return the effect that this observation is to find once all is done."""
        return Effect(observation=self.name, inputs=self.inputs(), expected=expected)
