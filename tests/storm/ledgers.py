"""
What really happened, by the books of Slack, GitLab and AWS, never by the bot's own.

The bot's audit is read as well, by its export and only after the stand-alone verifier
took it: an effect in somebody else's book must have its approval there, before it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
from sqlalchemy import select

from bot.domain.operation import State
from bot.flow.export import exported
from bot.outbound import clock
from bot.outbound.postgres import tables as t
from bot.outbound.slack.looks import SIGNS
from bot.settings import Settings
from bot.wiring.vault import vault
from deploy.sandbox.aws.ledger import Entry as AwsEntry
from deploy.sandbox.gitlab.ledger import Entry as GitLabEntry
from deploy.sandbox.gitlab.seeding import ROOT_TOKEN
from deploy.sandbox.places import secret
from deploy.sandbox.slack.ledger import read_entries
from deploy.vault.admin import Admin
from tests.storm.world import ENDS, World

ROOT: Final = Path(__file__).parents[2]
_MAY_DECIDE: Final = {
    "acme": frozenset({"bob", "dave", "carol"}),
    "globex": frozenset({"bob", "dave", "greg"}),
}
# What a worker has borrowed for longer it has forgotten.
_IN_USE: Final = timedelta(minutes=2)
# How the product names its sessions at AWS, and the operation after it.
_SESSION: Final = "tandem-"
_END_SIGNS: Final = {SIGNS[state]: state for state in (*ENDS, State.IN_DOUBT)}


@dataclass
class Book:
    """What the books say, and everything that is wrong with it."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unapproved: list[str] = field(default_factory=list)
    unreturned: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    merges: int = 0
    snapshots: int = 0
    reconciled: int = 0
    orphans: int = 0

    @property
    def clean(self) -> bool:
        return not (
            self.lost
            or self.doubled
            or self.unapproved
            or self.unreturned
            or self.broken
        )

    def figures(self) -> dict[str, Any]:
        """Return the numbers that are told at the end of a run."""
        return {
            "ends": dict(self.ends),
            "merges": self.merges,
            "snapshots": self.snapshots,
            "reconciled": self.reconciled,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "unapproved": len(self.unapproved),
            "unreturned": len(self.unreturned),
            "orphan_tokens": self.orphans,
        }


@dataclass(frozen=True)
class Effect:
    """Something in the world that cannot be taken back."""

    operation: str
    kind: str
    at: datetime


async def judge(world: World, *, at_rest: bool = True) -> Book:
    """Compare the books for all that was asked in this world, once it is at rest."""
    book, asked = Book(), world.asked
    if at_rest:
        await _drained(world, asked)
    effects = [*await _merges(world, book), *_calls(world), *await _made(world)]
    book.merges = sum(one.kind == "merge" for one in effects)
    book.snapshots = sum("Snapshot" in one.kind for one in effects)
    for (operation, kind), count in Counter(
        (e.operation, e.kind) for e in effects
    ).items():
        if count > 1:
            book.doubled.append(f"{kind} of {operation}: {count}")
    await _on_hosts(world, asked, book)
    _cards(world, asked, book)
    audits = {one: await audited(world, one, book) for one in ("acme", "globex")}
    for effect in effects:
        _approved(effect, asked, audits, book)
        if effect.operation in world.off:
            book.unapproved.append(
                f"{effect.kind} of {effect.operation}, which was off"
            )
    await _leases(world, book)
    return book


async def _drained(world: World, asked: dict[str, str]) -> None:
    """Wait until everything has been said, and every loan's end is written down."""
    store = world.front.store
    left: Any = None
    try:
        # What a death left lent is given back after a minute, and then by whom is busy.
        async with asyncio.timeout(240):
            while True:
                left = await _left(store, asked, world.doubtful)
                if not any(left):
                    return
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"not drained: {left}") from None


async def _left(
    store: Any, asked: dict[str, str], doubtful: set[str]
) -> tuple[Any, ...]:
    unsaid: list[Any] = []
    loans: list[Any] = []
    open_: list[Any] = []
    for client in ("acme", "globex"):
        open_ += [
            (one.id, one.state.value)
            for one in await store.unfinished(client)
            if one.id in asked
            # What nobody can know stays so; whoever waits for an end says so itself.
            and one.state is not State.IN_DOUBT
        ]
        # In doubt it is asked for again and again, each time with a loan of its own.
        lately = clock.now() - _IN_USE
        loans += [
            one.operation
            for one in await store.open_leases(client)
            if one.operation not in doubtful or one.lent_at < lately
        ]
        async with store.reading(client) as connection:
            query = select(t.outbox.c.id, t.outbox.c.problem, t.outbox.c.attempts)
            rows = await connection.execute(query.where(t.outbox.c.sent_at.is_(None)))
            unsaid += [tuple(row) for row in rows]
    return open_, loans, unsaid


async def _merges(world: World, book: Book) -> list[Effect]:
    requests = await _requests(world)
    for branch, count in Counter(one["source_branch"] for one in requests).items():
        if count > 1:
            book.doubled.append(f"merge requests on {branch}: {count}")
    of = {
        (one["project"], one["iid"]): one["source_branch"].removeprefix("tandem/")
        for one in requests
    }
    file = world.sandbox.state / "gitlab" / "ledger.jsonl"
    entries = [GitLabEntry.model_validate_json(one) for one in _whole_lines(file)]
    return [
        Effect(
            operation=of[one.project, int(one.detail["iid"])],
            kind="merge",
            at=datetime.fromisoformat(one.at),
        )
        for one in entries
        if one.kind == "merge_request.merged"
    ]


async def _requests(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with httpx.AsyncClient(
        base_url=f"{world.sandbox.places.gitlab_url}/api/v4",
        headers={"PRIVATE-TOKEN": ROOT_TOKEN},
        trust_env=False,
        timeout=20,
    ) as http:
        for number, project in ((1, "acme/infra"), (2, "globex/infra")):
            for page in range(1, 100):
                query = {"state": "all", "per_page": 100, "page": page}
                path = f"/projects/{number}/merge_requests"
                answer = (await http.get(path, params=query)).raise_for_status().json()
                found += [{**one, "project": project} for one in answer]
                if len(answer) < 100:
                    break
    return found


def _calls(world: World) -> list[Effect]:
    """Every call that changed AWS, whatever it was, by the operation that made it."""
    file = world.sandbox.state / "aws" / "ledger.jsonl"
    entries = [AwsEntry.model_validate_json(one) for one in _whole_lines(file)]
    return [
        Effect(
            operation=one.session.removeprefix(_SESSION),
            kind=one.action,
            at=one.at,
        )
        for one in entries
        # Lending credentials changes nothing but who may; terraform is GitLab's.
        if one.session.startswith(_SESSION)
        and one.outcome == "performed"
        and not one.action.startswith("sts:")
    ]


async def _made(world: World) -> list[Effect]:
    """Every database that was made, by the server's own book of it."""
    address = world.sandbox.acme_postgres.superuser("tandem").get_secret_value()
    async with await psycopg.AsyncConnection.connect(address) as connection:
        query = "SELECT operation, begun_at FROM tandem.made"
        rows = await (await connection.execute(query)).fetchall()
    return [Effect(operation=one, kind="database", at=at) for one, at in rows]


async def _on_hosts(world: World, asked: dict[str, str], book: Book) -> None:
    """What hosts have noted themselves: never more of it than operations started."""
    state = world.sandbox.state
    done = {
        "service": _lines(state / "web-host" / "nginx" / "verbs.log").count("restart"),
        "converge": len(_lines(state / "data-host" / "chef-client.calls")),
    }
    started: Counter[str] = Counter()
    for one, client in asked.items():
        found = await world.operation(one, client=client)
        started[found.command] += found.progress.announced
    for command, times in done.items():
        if times > started[command]:
            book.doubled.append(f"{command}: {times} of {started[command]}")
    for copy in (state / "data-host" / "copies").rglob("*.sql"):
        operation = copy.stem.partition("-")[2]
        if operation not in asked:
            book.unapproved.append(f"{copy.name}: nobody asked")


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _cards(world: World, asked: dict[str, str], book: Book) -> None:
    """Each operation has one card, it tells the end, and no post was made twice."""
    file = world.sandbox.state / "slack" / "ledger.jsonl"
    done = [one for one in read_entries(file) if one.kind == "api" and one.ts]
    posts: dict[str, list[Any]] = {}
    for one in done:
        if one.name == "chat.postMessage":
            posts.setdefault(_key(one.detail), []).append(one)
    book.doubled += [
        f"post {key}: {len(made)}" for key, made in posts.items() if len(made) > 1
    ]
    shown = {
        (one.channel, one.ts): one.detail
        for one in done
        if one.ok and one.name in ("chat.postMessage", "chat.update")
    }
    for operation in asked:
        card = posts.get(f"card-{operation}")
        place = (card[0].channel, card[0].ts) if card else None
        end = _end_shown(shown[place]) if place in shown else None
        if end is State.IN_DOUBT and operation not in world.doubtful:
            book.lost.append(f"{operation}: still tells of a doubt")
        elif end is None:
            book.lost.append(f"{operation}: {'tells no end' if card else 'no card'}")
        else:
            book.ends[end.value] += 1


def _key(detail: dict[str, Any]) -> str:
    metadata = detail.get("metadata") or {}
    found = json.loads(metadata) if isinstance(metadata, str) else metadata
    return str(found.get("event_payload", {}).get("key", "-"))


def _end_shown(detail: dict[str, Any]) -> State | None:
    blocks = detail.get("blocks") or []
    found = json.loads(blocks) if isinstance(blocks, str) else blocks
    status = str(found[1]["text"]["text"]) if len(found) > 1 else ""
    return next(
        (state for sign, state in _END_SIGNS.items() if status.startswith(sign)), None
    )


async def audited(world: World, client: str, book: Book) -> list[dict[str, Any]]:
    """Return a client's records, after the stand-alone verifier took the export."""
    folder = world.sandbox.state
    export, keys = folder / f"{client}.jsonl", folder / "keys.json"
    lines = [one async for one in exported(client, store=world.front.store)]
    export.write_text("".join(lines))
    found = await vault(_worker_settings(world)).public_keys()
    named = {str(version): key for version, key in found.items()}
    keys.write_text(json.dumps(named))
    verifier = str(ROOT / "deploy" / "verify" / "tandem_verify.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", verifier, str(export), "--keys", str(keys),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    if process.returncode != 0:
        book.broken.append(f"audit of {client}: {said.decode().strip()}")
    records = [json.loads(one) for one in lines]
    found = [one for one in records if one.get("kind") == "record"]
    book.reconciled += sum(one["event"] == "action.reconciled" for one in found)
    return found


def _worker_settings(world: World) -> Settings:
    return Settings(
        database_url=world.sandbox.database_url("tandem_app"),
        catalog=world.sandbox.catalog,
        vault={
            "address": world.sandbox.openbao.address,
            "role_id": secret(world.sandbox.state, "vault-role-id"),
            "secret_id": secret(world.sandbox.state, "vault-secret-id"),
        },
    )


def _approved(
    effect: Effect,
    asked: dict[str, str],
    audits: dict[str, list[dict[str, Any]]],
    book: Book,
) -> None:
    """Find the approval that allows an effect, before its announcement and itself."""
    client = asked.get(effect.operation)
    if client is None:
        book.unapproved.append(f"{effect.kind} of {effect.operation}: nobody asked")
        return
    records = [one for one in audits[client] if one["operation"] == effect.operation]
    requester = next(
        one["actor"] for one in records if one["event"] == "operation.asked"
    )
    started = [one for one in records if one["event"] == "operation.started"]
    announced = [
        one
        for one in records
        if one["event"] in ("merge.announced", "action.announced")
    ]
    if len(started) != 1 or not announced:
        book.unapproved.append(f"{effect.operation}: started {len(started)} times")
        return
    digest = json.loads(started[0]["body"])["digest"]
    allowing = [
        one
        for one in records
        if one["event"] == "decision.made"
        and one["actor"] in _MAY_DECIDE[client] - {requester}
        and json.loads(one["body"])["verdict"] == "approve"
        and json.loads(one["body"])["digest"] == digest
        and one["seq"] < started[0]["seq"] < announced[0]["seq"]
        and datetime.fromisoformat(one["at"]) < effect.at
    ]
    if not allowing:
        book.unapproved.append(f"{effect.kind} of {effect.operation}: no approval")


async def _leases(world: World, book: Book) -> None:
    """
    Every loan in the books has ended in Vault; what never got there dies soon.

    Workers that are alive look at GitLab every few seconds, also in this very moment:
    what such a look has just borrowed is in use, and not forgotten. So is what they ask
    a host with about an operation in doubt, which a play takes a while for.
    """
    booked: set[str] = set()
    in_use: set[str] = set()
    lately, before = clock.now() - timedelta(seconds=20), clock.now() - _IN_USE
    for client in ("acme", "globex"):
        async with world.front.store.reading(client) as connection:
            rows = (await connection.execute(select(t.lease))).all()
        booked |= {row.accessor for row in rows}
        in_use |= {
            row.accessor
            for row in rows
            if (row.operation not in world.asked and row.lent_at > lately)
            or (row.operation in world.doubtful and row.lent_at > before)
        }
        book.unreturned += [
            f"{row.operation} {row.purpose}"
            for row in rows
            if row.accessor not in in_use and (row.ended_at is None or not row.ending)
        ]
    for accessor, found in (await _living(world)).items():
        if accessor in in_use:
            continue
        if accessor in booked:
            book.unreturned.append(f"lives in Vault: {found['meta']}")
        elif int(found["creation_ttl"]) > 900:
            book.unreturned.append(f"a lost token lives too long: {found['meta']}")
        else:
            book.orphans += 1


async def _living(world: World) -> dict[str, dict[str, Any]]:
    """Return the tokens of operations that Vault still knows, by accessor."""
    admin = Admin(
        address=world.sandbox.openbao.address, token=world.sandbox.openbao.admin_token()
    )
    found: dict[str, dict[str, Any]] = {}
    headers = {"X-Vault-Token": world.sandbox.openbao.admin_token().get_secret_value()}
    async with httpx.AsyncClient(
        base_url=world.sandbox.openbao.address, headers=headers, trust_env=False
    ) as http:
        for accessor in await admin.names("auth/token/accessors"):
            body = {"accessor": accessor}
            answer = await http.post("/v1/auth/token/lookup-accessor", json=body)
            data = answer.json().get("data") or {}
            if "operation" in (data.get("meta") or {}):
                found[accessor] = data
    return found


def _whole_lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")[:-1]
