"""
The world: moto's state, the sessions lent and what is under way, in one file.

The file is written after every call that changed something, before the caller hears of
it, and replaced in one step. After `kill -9` a process starts with the last whole
write: every instance id, session and snapshot is the same. (`fsync` is left out on
purpose: a sandbox survives its process, not the machine's power cut.)
"""

from __future__ import annotations

import fcntl
import json
import pickle
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from deploy.sandbox.aws import lifecycle
from deploy.sandbox.aws import moto_backends as moto
from deploy.sandbox.aws.answer import Rejected
from deploy.sandbox.aws.ledger import Entry, Ledger
from deploy.sandbox.aws.principal import (
    ADMIN,
    ADMIN_KEY,
    ADMIN_SECRET,
    TERRAFORM,
    TERRAFORM_KEY,
    TERRAFORM_SECRET,
    Principal,
    Session,
)
from deploy.sandbox.aws.resources import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deploy.sandbox.aws.answer import Answer
    from deploy.sandbox.aws.call import Call

# Long enough to be told "expired" rather than "unknown" for a day of play.
_REMEMBERED: Final = timedelta(days=1)
_ONE_WORLD = threading.Lock()


class WorldError(RuntimeError):
    """The world cannot be opened; the words say what to do."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may assume a role, and for how many seconds at most."""

    document: Mapping[str, Any]
    longest: int


@dataclass(slots=True)
class _State:
    """What is pickled beside moto's own state."""

    made_with: str
    sessions: dict[str, Session] = field(default_factory=dict)
    growing: lifecycle.Growing = field(default_factory=dict)
    last: Entry | None = None


class World:
    """One account of AWS. Every method but `open` and `close` wants `lock` held."""

    def __init__(self, folder: Path, *, snapshot_takes: timedelta) -> None:
        """Open the world in that folder, a new one if there is none."""
        if not _ONE_WORLD.acquire(blocking=False):
            raise WorldError("moto holds one world a process; close the other first")
        self.lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        self._owned = _own(folder)
        self._file = folder / "world.pickle"
        self._takes = snapshot_takes
        self.ledger = Ledger(folder / "ledger.jsonl")
        try:
            self._state = self._load() if self._file.exists() else self._found()
        except BaseException:
            self._let_go()
            raise
        if self._state.last is not None:
            self.ledger.append(self._state.last)

    def close(self) -> None:
        """Let another world be opened in this process."""
        moto.empty()
        self._let_go()

    def principal(self, call: Call, *, now: datetime) -> Principal:
        """Return whom the call's key belongs to; refuses unknown and ended ones."""
        key = call.claim.access_key_id if call.claim else ""
        token = call.headers.get("x-amz-security-token", "")
        session = self._state.sessions.get(key)
        if session is not None and token == session.token:
            if now >= session.expires_at:
                raise Rejected(
                    "ExpiredToken",
                    "The security token included in the request is expired",
                    403,
                )
            return _of_session(session)
        user = moto.user_of(key) if not token else None
        if user is None:
            raise Rejected(
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
                403,
            )
        name, user_id, secret, policies = user
        arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        return Principal(arn, "", user_id, secret, policies, None, {})

    def trust(self, role: str) -> Trust | None:
        """Return who may assume a role, or nothing if there is no such role."""
        found = moto.role_trust(role)
        return None if found is None else Trust(*found)

    def audiences(self, provider: str) -> list[str]:
        """Return the audiences IAM accepts from an issuer."""
        return moto.audiences(provider)

    def lend(self, session: Session, *, now: datetime) -> None:
        """Make a session's credentials good from now on."""
        kept = self._state.sessions
        for key in [k for k, s in kept.items() if s.expires_at + _REMEMBERED < now]:
            del kept[key]
        kept[session.access_key_id] = session

    def perform(self, call: Call, *, now: datetime) -> Answer:
        """Carry out an allowed call in the world as it is now."""
        lifecycle.advance(self._state.growing, now=now, takes=self._takes)
        lifecycle.check(call)
        lifecycle.begins(call, now=now)
        answer = moto.perform(call)
        if answer.status < 300:  # noqa: PLR2004 - HTTP's own line
            answer = lifecycle.begun(call, answer, self._state.growing, now=now)
            lifecycle.advance(self._state.growing, now=now, takes=self._takes)
        return answer

    def commit(self, entry: Entry) -> None:
        """Write the changed world down, and then the ledger's line about it."""
        self._state.last = entry
        self._save()
        self.ledger.append(entry)

    def _let_go(self) -> None:
        """Give up the folder and this process's one world."""
        self._owned.close()
        _ONE_WORLD.release()

    def _save(self) -> None:
        """Replace the file by the present state in one step."""
        fresh = self._file.with_suffix(".new")
        with fresh.open("wb") as file:
            pickle.dump(
                (self._state, moto.keep()), file, protocol=pickle.HIGHEST_PROTOCOL
            )
        fresh.replace(self._file)

    def _load(self) -> _State:
        """Return what the file holds, and make moto hold its part."""
        with self._file.open("rb") as file:
            state, kept = pickle.load(file)  # noqa: S301 - our own file, private folder
        if state.made_with != _made_with():
            raise WorldError(
                f"{self._file} was made with {state.made_with}, this is"
                f" {_made_with()}: remove the folder to start a new world"
            )
        moto.put_back(kept)
        found: _State = state
        return found

    def _found(self) -> _State:
        """Make a new account: two users with known keys, one machine image."""
        moto.empty()
        moto.add_user(ADMIN, key=ADMIN_KEY, secret=ADMIN_SECRET, policy=_may("*"))
        moto.add_user(
            TERRAFORM,
            key=TERRAFORM_KEY,
            secret=TERRAFORM_SECRET,
            policy=_may("ec2:*", "sts:GetCallerIdentity", "iam:Get*", "iam:List*"),
        )
        moto.add_image()
        return _State(made_with=_made_with())


def _own(folder: Path) -> BinaryIO:
    """Return an open file that locks the folder; a dead process holds no lock."""
    file = (folder / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        _ONE_WORLD.release()
        raise WorldError(f"another process serves the world in {folder}") from error
    return file


def _of_session(session: Session) -> Principal:
    """Return the principal behind lent credentials, bound by the role as it is now."""
    policies = (json.loads(session.policy),) if session.policy else None
    return Principal(
        arn=session.arn,
        session=session.name,
        user_id=f"AROASANDBOX:{session.name}",
        secret=session.secret,
        identity_policies=moto.role_policies(session.role),
        session_policies=policies,
        tags=session.tags,
    )


def _may(*actions: str) -> dict[str, Any]:
    """Return a policy that allows these actions on everything."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _made_with() -> str:
    """Return what must be the same for a pickled world to be readable."""
    return f"moto {version('moto')}, layout 1"
