"""
What the flow needs from the world. `bot.outbound` fills these; tests hand in real ones.

`Front` is what the chat side holds: it can read and write the database and nothing
else. `Back` is what the worker holds: it can also lend credentials and touch the world.
Longer than most: it is the list of all there is, and has no behaviour of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import date, datetime

    from pydantic import SecretStr

    from bot.domain.audit import Checkpoint, Record
    from bot.domain.audit_filter import AuditFilter
    from bot.domain.card import CardView
    from bot.domain.catalog import Aws, Catalog, Client, Target
    from bot.domain.certificate import TlsSession
    from bot.domain.change import Scalar
    from bot.domain.command import Command
    from bot.domain.database import DatabaseSession
    from bot.domain.decision import Decision
    from bot.domain.forge import (
        CommitAt,
        Draft,
        FileAtRef,
        IssueState,
        ListedRequest,
        MergeOutcome,
        MergeRequestState,
        PipelineState,
        TitledIssue,
    )
    from bot.domain.found import Page
    from bot.domain.glass import Break
    from bot.domain.guidelines import ChangedFile
    from bot.domain.history import Past
    from bot.domain.host import HostSession
    from bot.domain.ladder import Agreed, Protection, Seen
    from bot.domain.ladder_advice import Numbers
    from bot.domain.lease import Minted, Revoked, Wrapped
    from bot.domain.link import Link
    from bot.domain.message import Language, Message
    from bot.domain.operation import Operation, State
    from bot.domain.outgoing import Unread, Waiting
    from bot.domain.playbook import AwsSession, Observation, Playbook
    from bot.domain.query import Query
    from bot.domain.scope import (
        AwsScope,
        DatabaseScope,
        Environment,
        SshScope,
        TlsScope,
    )
    from bot.domain.timing.freeze import Freeze
    from bot.domain.timing.lent import Delegation
    from bot.domain.timing.rota import Slot, Standing
    from bot.domain.writes import Lent, Writes

ForgePurpose = Literal["gitlab-read", "gitlab-prepare", "gitlab-execute"]


class Registry(Protocol):
    """The commands, playbooks and observations of this build, by name."""

    @property
    def commands(self) -> Mapping[str, type[Command]]: ...

    @property
    def queries(self) -> Mapping[str, type[Query]]: ...

    def playbook(self, name: str, *, inputs: Mapping[str, Scalar]) -> Playbook: ...

    def observation(
        self, name: str, *, inputs: Mapping[str, Scalar]
    ) -> Observation: ...

    def observing(self, target: Target, *, client: Client) -> Observation | None: ...


class CatalogSource(Protocol):
    """The operator's catalog that is in force."""

    def current(self) -> Catalog: ...


class Store(Protocol):
    """State and audit. Every call names its client and sees no other."""

    async def write(self, writes: Writes) -> None: ...
    async def operation(self, client: str, *, id: str) -> Operation | None: ...  # noqa: A002 - its name
    async def operations_like(
        self, client: str, *, short: str
    ) -> tuple[Operation, ...]: ...
    async def unfinished(
        self, client: str, *, states: Sequence[State] = ()
    ) -> tuple[Operation, ...]: ...
    async def decisions(
        self, client: str, *, operation: str
    ) -> tuple[Decision, ...]: ...
    async def records(
        self,
        client: str,
        *,
        operation: str | None = None,
        after: int = 0,
        most: int = 500,
    ) -> tuple[Record, ...]: ...
    async def story(
        self, client: str, *, operation: str, ends: int
    ) -> tuple[tuple[Record, ...], int]: ...
    async def checkpoints(self, client: str) -> tuple[Checkpoint, ...]: ...
    async def last_checkpoint(self, client: str) -> Checkpoint | None: ...
    async def head(self, client: str) -> tuple[int, str]: ...
    async def open_leases(self, client: str) -> tuple[Lent, ...]: ...
    async def search(
        self,
        client: str,
        *,
        wanted: AuditFilter,
        since: datetime | None,
        before: str | None,
        most: int,
    ) -> Page: ...
    async def waits(self, client: str, *, most: int) -> tuple[timedelta, ...]: ...
    async def freezes(self, client: str, *, after: datetime) -> tuple[Freeze, ...]: ...
    async def standing(self, provider: str, *, at: datetime) -> Standing: ...
    async def delegations(
        self, client: str, *, after: datetime
    ) -> tuple[Delegation, ...]: ...
    async def agreed(self, client: str) -> tuple[Agreed, ...]: ...
    async def protection(self, client: str) -> Seen | None: ...
    async def numbers(
        self, client: str, *, environment: Environment, since: datetime
    ) -> Numbers: ...
    async def breaks(
        self, client: str, *, operation: str | None = None
    ) -> tuple[Break, ...]: ...
    async def link(self, client: str, *, id: str) -> Link | None: ...  # noqa: A002 - its name
    async def link_asked(self, client: str, *, member: str) -> Link | None: ...
    async def links(self, client: str, *, after: datetime) -> tuple[Link, ...]: ...
    async def used(self, client: str, *, envelope: str, day: date) -> int: ...
    async def past(
        self,
        client: str,
        *,
        environment: Environment,
        command: str,
        since: datetime,
        most: int,
    ) -> tuple[Past, ...]: ...
    def exclusive(self, name: str) -> AbstractAsyncContextManager[bool]: ...
    async def ping(self) -> None: ...


class Outbox(Protocol):
    """What is to be said and was not yet."""

    async def places(self, client: str, *, now: datetime) -> tuple[str, ...]: ...
    def hold(self, place: str) -> AbstractAsyncContextManager[bool]: ...
    async def waiting(
        self, client: str, *, place: str, now: datetime
    ) -> tuple[Waiting | Unread, ...]: ...
    async def trying(
        self, client: str, *, entries: Sequence[int], at: datetime
    ) -> None: ...
    async def sent(
        self, client: str, *, entries: Sequence[int], message: str, at: datetime
    ) -> None: ...
    async def postponed(
        self,
        client: str,
        *,
        entries: Sequence[int],
        until: datetime,
        problem: str,
        untried: bool,
        counted: bool = True,
    ) -> None: ...
    async def undeliverable(
        self, client: str, *, entry: int, problem: str, at: datetime
    ) -> None: ...
    async def prune(self, client: str, *, before: datetime) -> int: ...
    async def card_of(self, client: str, *, operation: str) -> str | None: ...
    async def turn(
        self, client: str, *, place: str, now: datetime, gap: timedelta
    ) -> timedelta: ...


class Chat(Protocol):
    """
    Where people read. Each post carries `key`, by which it can be found again.

    Raises Throttled with the wait that the chat asked for, Refused for what it will
    never take, OutcomeUnknown when a post may or may not have arrived.
    """

    async def post_card(self, card: CardView, *, channel: str, key: str) -> str: ...
    async def update_card(
        self, card: CardView, *, channel: str, message: str
    ) -> None: ...
    async def post(
        self,
        message: Message,
        *,
        language: Language,
        channel: str,
        thread: str | None,
        key: str,
    ) -> str: ...
    async def whisper(
        self, message: Message, *, language: Language, channel: str, user: str
    ) -> str: ...
    async def direct(
        self,
        message: Message,
        *,
        language: Language,
        user: str,
        key: str,
        again: bool = False,
    ) -> str: ...
    async def find(
        self, *, channel: str, thread: str | None, key: str
    ) -> str | None: ...


class Forge(Protocol):
    """Where merge requests live. Each call carries the token that was lent for it."""

    async def read_tree(
        self, project: str, *, directory: str, ref: str, token: SecretStr
    ) -> tuple[FileAtRef, ...]: ...
    async def commit_at(
        self, project: str, *, version: str, branch: str, token: SecretStr
    ) -> CommitAt: ...
    async def read_folder(
        self, project: str, *, directory: str, commit: str, token: SecretStr
    ) -> tuple[FileAtRef, ...]: ...
    async def read_file(
        self, project: str, *, path: str, ref: str, token: SecretStr
    ) -> FileAtRef: ...
    async def ensure_merge_request(
        self, project: str, *, draft: Draft, operation_id: str, token: SecretStr
    ) -> MergeRequestState: ...
    async def find_merge_request(
        self, project: str, *, operation_id: str, token: SecretStr
    ) -> MergeRequestState | None: ...
    async def merge_request(
        self, project: str, *, iid: int, token: SecretStr
    ) -> MergeRequestState: ...
    async def job_artifact(
        self,
        project: str,
        *,
        job_id: int,
        path: str,
        token: SecretStr,
        failed: bool = False,
    ) -> bytes: ...
    async def merge(
        self, project: str, *, iid: int, sha: str, message: str, token: SecretStr
    ) -> MergeOutcome: ...
    async def pipeline_of(
        self, project: str, *, sha: str, ref: str, token: SecretStr
    ) -> PipelineState | None: ...
    async def close(
        self, project: str, *, iid: int, note: str, token: SecretStr
    ) -> bool: ...
    async def note(
        self, project: str, *, iid: int, body: str, key: str, token: SecretStr
    ) -> None: ...
    async def requests_into(
        self,
        project: str,
        *,
        branch: str,
        state: Literal["opened", "merged"],
        most: int,
        token: SecretStr,
    ) -> tuple[ListedRequest, ...]: ...
    async def changed_files(
        self, project: str, *, iid: int, token: SecretStr
    ) -> tuple[ChangedFile, ...]: ...
    async def open_issue(
        self,
        project: str,
        *,
        title: str,
        description: str,
        labels: Sequence[str],
        token: SecretStr,
    ) -> IssueState: ...
    async def protection(
        self, project: str, *, branch: str, token: SecretStr
    ) -> Protection: ...
    async def protect(
        self, project: str, *, branch: str, wanted: Protection, token: SecretStr
    ) -> Protection: ...
    async def find_issue(
        self, project: str, *, mark: str, token: SecretStr
    ) -> IssueState | None: ...
    async def titled_issues(
        self,
        project: str,
        *,
        words: str,
        since: datetime,
        author: str | None,
        token: SecretStr,
    ) -> tuple[TitledIssue, ...]: ...
    async def answer_issue(
        self, project: str, *, iid: int, body: str, token: SecretStr
    ) -> None: ...


class Lender(Protocol):
    """Short-lived credentials, each made for one operation."""

    async def mint(
        self, *, client: str, action: str, operation: str, ttl: timedelta
    ) -> Minted: ...
    async def forge_token(
        self, minted: Minted, *, client: str, purpose: ForgePurpose
    ) -> SecretStr: ...
    async def aws_session(
        self,
        minted: Minted,
        *,
        client: str,
        aws: Aws,
        scope: AwsScope,
        operation: str,
        until: datetime,
    ) -> AwsSession: ...
    async def host_session(
        self,
        minted: Minted,
        *,
        client: str,
        scope: SshScope,
        operation: str,
        until: datetime,
        halted: Callable[[], Awaitable[bool]] | None = None,
    ) -> HostSession: ...
    async def database_session(
        self, minted: Minted, *, client: str, scope: DatabaseScope
    ) -> DatabaseSession: ...
    async def wrap(self, minted: Minted, secret: SecretStr) -> Wrapped: ...
    async def tls_session(
        self, minted: Minted, *, client: str, scope: TlsScope
    ) -> TlsSession: ...
    async def revoke(self, accessor: str) -> Revoked: ...


class Feeds(Protocol):
    """What says who is on call, besides the catalog; Unavailable when it does not."""

    async def read(
        self, name: str, *, timezone: str, begins: datetime, until: datetime
    ) -> tuple[Slot, ...]: ...
    async def group(self, group: str, *, team: str) -> tuple[str, ...]: ...


class Notary(Protocol):
    """A key kept apart that signs how long a chain was, and its last hash."""

    async def sign(self, payload: bytes) -> str: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the worker looks, and how long it waits before it says so."""

    poll: timedelta = timedelta(seconds=2)
    poll_most: timedelta = timedelta(seconds=30)
    hold_on: timedelta = timedelta(seconds=20)
    watch: timedelta = timedelta(seconds=15)
    credentials: timedelta = timedelta(minutes=10)
    action: timedelta = timedelta(minutes=14)
    post_gap: timedelta = timedelta(seconds=1)
    doubt_settles: timedelta = timedelta(minutes=15)
    checkpoint: timedelta = timedelta(hours=1)
    # How long whoever ended an operation has to give back what it borrowed itself.
    afterwards: timedelta = timedelta(minutes=1)
    # A merge makes a pipeline within seconds; without one for so long there is none.
    no_pipeline: timedelta = timedelta(minutes=30)
    # What was said and what was delivered is needed no longer than repeats may come.
    keep: timedelta = timedelta(days=30)
    # Of the time for which credentials are lent, what is left of it in an emergency.
    glass: float = 0.5
    # While the review of a broken glass is open, those who may close it are told again.
    review: timedelta = timedelta(days=1)

    def in_emergency(self) -> Pace:
        """Return the same pace with credentials that live shorter."""
        return replace(
            self,
            credentials=self.credentials * self.glass,
            action=self.action * self.glass,
        )


@dataclass(frozen=True, slots=True)
class Front:
    """What the chat side of the flow is handed."""

    store: Store
    catalog: CatalogSource
    registry: Registry
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    # What people prove a link by; apart from ids, which are shown to everybody.
    new_code: Callable[[], str] = field(kw_only=True)
    # Where people open GitLab in their browser.
    gitlab_url: str = field(kw_only=True, default="")


@dataclass(frozen=True, slots=True)
class Back(Front):
    """What the worker's side of the flow is handed."""

    outbox: Outbox
    chat: Chat
    forge: Forge
    lender: Lender
    notary: Notary
    sleep: Callable[[float], Awaitable[None]]
    pace: Pace
    # What is written into GitLab, in the language of repositories.
    words: Callable[[Message], str]
    feeds: Feeds | None = None
