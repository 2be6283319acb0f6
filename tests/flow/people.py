"""
People, told in their words, and everything a story reads back.

`Ops` holds the product's own stages over real adapters and runs the jobs that the
database holds, one after another, so that a story never waits for a clock.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr
from sqlalchemy import text

from bot.domain.decision import Verdict
from bot.domain.errors import Unavailable
from bot.domain.writes import Task
from bot.flow.ask import ask
from bot.flow.break_glass import Shown, break_glass
from bot.flow.decide import Choice, cancel, decide
from bot.flow.door import Knock
from bot.flow.hint import hint
from bot.flow.report import report
from bot.flow.sweep import sweep
from bot.inbound.slack.typed import typed
from bot.inbound.worker import _STAGES, _AgainError, _once
from bot.outbound import clock
from bot.outbound.aws import Aws
from bot.outbound.catalog import CatalogKeeper
from bot.outbound.databases.server import Databases
from bot.outbound.gitlab import GitLab
from bot.outbound.lender import Lender
from bot.outbound.postgres.outbox import Outbox
from bot.outbound.slack.chat import slack_chat
from bot.outbound.vault import Vault
from bot.ports import Back, Pace
from deploy.sandbox.gitlab.pipelines import refresh
from deploy.sandbox.gitlab.seeding import person_token
from tests.flow.world import CATALOG, Day, Shifted, VaultAudit

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.domain.audit import Record
    from bot.domain.message import Message
    from bot.domain.operation import Operation, State
    from bot.outbound.postgres.store import Store

TEAM = "T0CLARANET"
ACME = "C0ACMEOPS"
GLOBEX = "C0GLOBEXOPS"
ONCALL = "C0ONCALL"
MAIN_TF = "environments/production/main.tf"
PACE = Pace(
    afterwards=timedelta(0),
    poll=timedelta(seconds=0.02),
    hold_on=timedelta(seconds=20),
    post_gap=timedelta(),
)


class NeverRestsError(AssertionError):
    """Jobs kept coming back: the story is stuck."""


@dataclass
class InForce:
    """The catalog in force, which a story may edit."""

    keeper: CatalogKeeper

    def current(self):
        return self.keeper.current()


@dataclass(frozen=True)
class Card:
    """A card as it hung in the channel when it was looked at."""

    operation: Operation
    ts: str
    text: str
    buttons: dict[str, dict[str, Any]]

    @property
    def digest(self) -> str:
        """What the buttons of this card carry."""
        for button in self.buttons.values():
            return str(json.loads(button["value"])["d"])
        return self.operation.digest or ""

    def __contains__(self, words: str) -> bool:
        return words in self.text


@dataclass
class Somebody:
    """A Slack account, and what it can do where it is."""

    ops: Ops
    user: str
    channel: str = ACME
    team: str = TEAM

    def at(self, channel: str, *, team: str = TEAM) -> Somebody:
        """Return the same person in another room."""
        return Somebody(self.ops, self.user, channel, team)

    def _knock(self, words: str = "", *, kind: str = "slash") -> Knock:
        delivery = f"{kind}:{clock.new_id()}"
        return Knock(self.team, self.user, self.channel, words, delivery)

    async def says(self, words: str) -> Message:
        """Type `/infra …` and return the answer."""
        return await ask(self._knock(words), front=self.ops.back)

    async def asks(self, words: str, *, client: str = "acme") -> Card:
        """Type it, let the worker work, and return the card that came of it."""
        answer = await self.says(words)
        assert answer.key == "asked.noted", answer
        await self.ops.works()
        return await self.ops.card(str(answer.args["id"]), client=client)

    async def _chooses(self, card: Card, verdict: Verdict, reason: str) -> Message:
        choice = Choice(card.operation.id, card.digest, verdict, reason)
        knock = self._knock(kind="action")
        return await decide(knock, choice=choice, front=self.ops.back)

    async def approves(self, card: Card) -> Message:
        return await self._chooses(card, Verdict.APPROVE, "")

    async def denies(self, card: Card, reason: str) -> Message:
        return await self._chooses(card, Verdict.DENY, reason)

    async def types(self, line: str) -> Message:
        """Type any `/infra …` line and return the message it is answered with."""
        view = await typed(self._knock(line), front=self.ops.back)
        return view.message

    async def breaks_glass_for(self, words: str, reason: str) -> Card:
        """Ask for something as an emergency, and return the card that came of it."""
        answer = await self.types(f"break-glass {words} because {reason}")
        assert answer.key == "asked.glass", answer
        await self.ops.works()
        return await self.ops.card(str(answer.args["id"]))

    async def confirms(self, card: Card) -> Message:
        """Click the button that breaks the glass."""
        shown = Shown(card.operation.id, card.digest)
        knock = self._knock(kind="action")
        return await break_glass(knock, shown=shown, front=self.ops.back)

    async def cancels(self, card: Card) -> Message:
        knock = self._knock(kind="action")
        return await cancel(knock, operation=card.operation.id, front=self.ops.back)


@dataclass
class AwsOracle:
    """What AWS itself says."""

    day: Day

    def instance(self, name: str, *, client: str = "acme") -> dict[str, Any]:
        filters = [
            {"Name": "tag:Name", "Values": [name]},
            {"Name": "tag:Client", "Values": [client]},
        ]
        found = self.day.town.aws("ec2").describe_instances(Filters=filters)
        return found["Reservations"][0]["Instances"][0]

    def type_of(self, name: str, *, client: str = "acme") -> str:
        return self.instance(name, client=client)["InstanceType"]

    def makes(self, name: str, kind: str, *, client: str = "acme") -> None:
        """Change an instance's type by hand, past everybody."""
        ec2, wanted = self.day.town.aws("ec2"), self.instance(name, client=client)
        machine = wanted["InstanceId"]
        ec2.stop_instances(InstanceIds=[machine])
        ec2.modify_instance_attribute(InstanceId=machine, InstanceType={"Value": kind})
        ec2.start_instances(InstanceIds=[machine])

    def volume(self, name: str, *, client: str = "acme") -> dict[str, Any]:
        filters = [
            {"Name": "tag:Name", "Values": [name]},
            {"Name": "tag:Client", "Values": [client]},
        ]
        found = self.day.town.aws("ec2").describe_volumes(Filters=filters)
        return found["Volumes"][0]

    def lets_in(self, group: str) -> set[tuple[int, str, str]]:
        """Return what a security group lets in: port, protocol and source."""
        ec2 = self.day.town.aws("ec2")
        filters = [{"Name": "tag:Name", "Values": [group]}]
        (found,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        filters = [{"Name": "group-id", "Values": [found["GroupId"]]}]
        rules = ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        return {
            (one["FromPort"], one["IpProtocol"], _source(one))
            for one in rules
            if not one["IsEgress"]
        }

    def snapshots(self, database: str) -> list[str]:
        """Return the snapshots that were taken of a database by hand or by Tandem."""
        found = self.day.town.aws("rds").describe_db_snapshots(
            DBInstanceIdentifier=database, SnapshotType="manual"
        )
        names = [one["DBSnapshotIdentifier"] for one in found["DBSnapshots"]]
        return sorted(one for one in names if not one.startswith("rds:"))

    @property
    def created(self):
        """Every snapshot that was really begun."""
        return self.day.cloud.ledger.effects("rds:CreateDBSnapshot")

    @property
    def resized(self):
        """Every time an instance's type was really changed."""
        return self.day.cloud.ledger.effects("ec2:ModifyInstanceAttribute")


@dataclass
class GitOracle:
    """What git and GitLab themselves say."""

    day: Day

    def _project(self, client: str):
        project = self.day.gitlab.project(f"{client}/infra")
        assert project is not None
        return project

    async def main(self, path: str = MAIN_TF, *, client: str = "acme") -> str:
        """Return a file as it is on main."""
        git = self.day.gitlab.repository(self._project(client))
        content = await git.read("main", path)
        assert content is not None
        return content.decode()

    async def commits(self, *, client: str = "acme") -> list[str]:
        """Return the titles on main, newest first."""
        git = self.day.gitlab.repository(self._project(client))
        return [one.title for one in await git.commits("main", limit=50)]

    async def message(self, ref: str = "main", *, client: str = "acme") -> str:
        git = self.day.gitlab.repository(self._project(client))
        sha = await git.resolve(ref)
        return (await git.commit(sha)).message

    def request(self, iid: int, *, client: str = "acme"):
        """Return a merge request as GitLab holds it."""
        return self.day.gitlab.merge_request(self._project(client), iid)

    def requests(self, *, client: str = "acme"):
        return self.day.gitlab.requests_of(self._project(client))

    def notes(self, iid: int, *, client: str = "acme") -> list[str]:
        number = self._project(client).id
        return [
            one.body
            for one in self.day.gitlab.notes.values()
            if (one.project_id, one.mr_iid) == (number, iid) and not one.system
        ]

    @property
    def merged(self):
        return self.day.gitlab.ledger.of("merge_request.merged")

    def runs(self, name: str) -> bool:
        """Whether a job of this name is at work."""
        return any(one.status == "running" for one in self.jobs(name))

    def jobs(self, name: str):
        """Return the jobs of this name, oldest first."""
        return [one for one in self.day.gitlab.jobs.values() if one.name == name]

    async def cancels(self, name: str) -> None:
        """Cancel the oldest job of this name, as the button in GitLab does."""
        job, world = self.jobs(name)[0], self.day.gitlab
        await world.runner.cancel(job)
        await refresh(world, world.pipelines[job.pipeline_id])


@dataclass
class SlackOracle:
    """What hangs in Slack."""

    day: Day

    def posts(self, channel: str = ACME) -> list[Any]:
        """Return what is in a channel, replies too, oldest first."""
        kept = self.day.slack.messages._channels.get(channel, {})
        return [kept[ts] for ts in sorted(kept)]

    def directs(self, user: str) -> list[str]:
        """Return what was written to one person alone, as it is shown."""
        room = f"D{user[1:]}"
        return ["\n".join(_texts(list(one.blocks))) for one in self.posts(room)]

    def thread(self, card: Card, channel: str = ACME) -> list[str]:
        """Return what was said under a card."""
        return [one.text for one in self.posts(channel) if one.thread_ts == card.ts]

    def message(self, ts: str, channel: str = ACME):
        return next(one for one in self.posts(channel) if one.ts == ts)


@dataclass
class Ops:
    """One story: its people, its worker, and what it reads back."""

    day: Day
    back: Back
    owner: AsyncEngine
    catalog: InForce
    clock: Shifted
    folder: Path
    vault_audit: VaultAudit

    def __post_init__(self) -> None:
        self.aws = AwsOracle(self.day)
        self.git = GitOracle(self.day)
        self.slack = SlackOracle(self.day)
        self.alice = Somebody(self, "U0ALICE")
        self.carol = Somebody(self, "U0CAROL")
        self.ines = Somebody(self, "U0INES")
        self.oscar = Somebody(self, "U0OSCAR")
        self.henri = Somebody(self, "U0HENRI")
        self.bob = Somebody(self, "U0BOB")
        self.dave = Somebody(self, "U0DAVE")
        self.erin = Somebody(self, "U0ERIN")
        self.mallory = Somebody(self, "U0MALLORY")
        self.gina = Somebody(self, "U0GINA", GLOBEX)
        self.greg = Somebody(self, "U0GREG", GLOBEX)

    async def works(self, *, most: int = 40) -> None:
        """Let the worker work until nothing is left to do or to say."""
        for _ in range(most):
            if not await self.tries():
                return
        raise NeverRestsError(await self.jobs())

    async def tries(self) -> bool:
        """Try every waiting job once, and say what is due; False if there was none."""
        waiting = await self.jobs()
        for number, task, client, operation in waiting:
            await self.runs(number, task, client, operation)
        await self.speaks()
        return bool(waiting)

    async def runs(self, number: int, task: Task, client: str, operation: str) -> None:
        """Run one job as the worker's edge does; one that failed stays in the queue."""
        try:
            await _once(_STAGES[task], client, operation, back=self.back)
        except _AgainError as again:
            cause = again.__cause__
            if cause is not None and not isinstance(cause, Unavailable):
                raise cause from None
            return
        await self._sql("DELETE FROM procrastinate_jobs WHERE id = :id", id=number)

    async def until(self, found) -> None:
        """Wait for something that the pipelines or the worker bring about."""
        for _ in range(1000):
            if found():
                return
            await asyncio.sleep(0.01)
        raise NeverRestsError("what was waited for did not come")

    async def jobs(self) -> list[tuple[int, Task, str, str]]:
        """Return what the queue holds, oldest first, however late it is due."""
        query = """
            SELECT id, task_name, args->>'client', args->>'operation'
            FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id
        """
        rows = await self._sql(query)
        return [(one[0], Task(one[1]), one[2], one[3]) for one in rows]

    async def speaks(self) -> None:
        """Say what is due in every place of every client."""
        catalog = self.back.catalog.current()
        for chain in (*(client.id for client in catalog.clients), catalog.provider.id):
            places = await self.back.outbox.places(chain, now=self.back.now())
            for place in places:
                await report(chain, place, back=self.back)

    async def sweeps(self) -> None:
        """Let the timer tick once, and all that comes of it happen."""
        await sweep(back=self.back)
        await self.works()

    async def sweeps_once(self) -> None:
        """Let the timer tick once, and try what is to be done once."""
        await sweep(back=self.back)
        await self.tries()

    def forbids(self, action: str) -> None:
        """Have AWS's own administrator take one right from Acme's role."""
        deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [deny]}
        self.day.town.aws("iam").put_role_policy(
            RoleName="tandem-acme",
            PolicyName="frozen",
            PolicyDocument=json.dumps(policy),
        )

    def allows_again(self) -> None:
        """Have AWS's own administrator give back what `forbids` took."""
        self.day.town.aws("iam").delete_role_policy(
            RoleName="tandem-acme", PolicyName="frozen"
        )

    async def operation(self, short: str, *, client: str = "acme") -> Operation:
        (found,) = await self.back.store.operations_like(client, short=short)
        return found

    async def newest(self, *, client: str = "acme") -> Operation:
        query = """
            SELECT id FROM operation WHERE client = :client
            ORDER BY asked_at DESC LIMIT 1
        """
        ((found,),) = await self._sql(query, client=client)
        return await self.operation(found, client=client)

    async def state(self, of: Card) -> State:
        found = await self.operation(of.operation.id, client=of.operation.client)
        return found.state

    async def card(self, short: str, *, client: str = "acme") -> Card:
        """Return an operation's card as it hangs in the channel now."""
        operation = await self.operation(short, client=client)
        ts = await self.back.outbox.card_of(client, operation=operation.id)
        assert ts, "no card was posted"
        message = self.slack.message(ts, operation.place.channel)
        buttons = {
            element["action_id"]: element
            for block in message.blocks
            if block["type"] == "actions"
            for element in block["elements"]
            if element.get("value")
        }
        words = "\n".join((message.text, *_texts(list(message.blocks))))
        return Card(operation, ts, words, buttons)

    async def again(self, card: Card) -> Card:
        """Look at the same card once more."""
        return await self.card(card.operation.id, client=card.operation.client)

    async def audit(self, of: Card | None = None, *, client: str = "acme"):
        """Return the client's records, or those of one operation."""
        records: tuple[Record, ...] = await self.back.store.records(
            client, operation=of.operation.id if of else None
        )
        return records

    async def events(self, of: Card | None = None, *, client: str = "acme"):
        """Return the names of what was recorded, in order."""
        return [one.event.value for one in await self.audit(of, client=client)]

    async def told(self, of: Card, event: str) -> dict[str, Any]:
        """Return what the last record of this event says."""
        records = await self.audit(of, client=of.operation.client)
        return json.loads([one for one in records if one.event == event][-1].body)

    async def pushes(
        self,
        who: str,
        branch: str,
        files: dict[str, str | None],
        *,
        client: str = "acme",
        message: str = "By hand",
    ) -> str:
        """Push to a branch as a person would, and let the pipeline run."""
        sha = await self.day.gitlab.push(
            f"{client}/infra", branch, who, files, f"{message}\n"
        )
        await self.day.gitlab.idle()
        return sha

    async def edits_catalog(self, file: str, old: str, new: str) -> None:
        """Change a file of the catalog; what is in force changes with it."""
        folder = self.folder / "catalog"
        if not folder.exists():
            shutil.copytree(CATALOG, folder)
            commands = self.back.registry.commands
            self.catalog.keeper = CatalogKeeper(
                folder, now=self.clock.now, commands=commands
            )
            await self.catalog.keeper.open()
        path = folder / file
        before = path.read_text()
        assert old in before, f"{file} has no {old!r}"
        path.write_text(before.replace(old, new, 1))
        await self.catalog.keeper.reload_if_changed()
        assert self.catalog.keeper.refusal is None, self.catalog.keeper.refusal

    async def edits(self, old: str, new: str, *, path: str = MAIN_TF) -> dict[str, str]:
        """Return a file of main with something replaced, as files to push."""
        before = await self.git.main(path)
        assert old in before, f"{path} has no {old!r}"
        return {path: before.replace(old, new, 1)}

    async def on_gitlab(self, who: str, iid: int, what: str, **body: object) -> None:
        """Do something with a merge request of Acme's, as a person would."""
        url = f"{self.day.town.places.gitlab_url}/api/v4/projects/1/merge_requests/"
        async with httpx.AsyncClient(
            base_url=url,
            headers={"PRIVATE-TOKEN": person_token(who)},
            trust_env=False,
            timeout=10,
        ) as http:
            (await http.put(f"{iid}{what}", json=body)).raise_for_status()

    async def opens(self, who: str, branch: str, title: str, *, client: str = "acme"):
        """Open a merge request as a person does, and let its pipeline run."""
        project = self.day.gitlab.project(f"{client}/infra")
        url = f"{self.day.town.places.gitlab_url}/api/v4/projects/{project.id}"
        async with httpx.AsyncClient(
            headers={"PRIVATE-TOKEN": person_token(who)}, trust_env=False, timeout=10
        ) as http:
            body = {"source_branch": branch, "target_branch": "main", "title": title}
            answer = await http.post(f"{url}/merge_requests", json=body)
            answer.raise_for_status()
        await self.day.gitlab.idle()
        return self.git.request(answer.json()["iid"], client=client)

    async def hints(self, iid: int, *, project: str = "acme/infra") -> int:
        """Have GitLab's hook say that something moved there."""
        return await hint(project, iid, front=self.back)

    def hurries(self) -> None:
        """Have the worker wait for nothing: it comes back later instead."""
        pace = dataclasses.replace(PACE, hold_on=timedelta(0))
        self.back = self.with_ports(pace=pace)

    def loses_vault(self) -> None:
        """Have nothing answer where Vault was; `finds_vault` ends it."""
        gone = Vault(
            address="http://127.0.0.1:1",
            role_id="-",
            secret_id=SecretStr("-"),
            now=clock.now,
            timeout=1,
        )
        aws = Aws(self.day.town.places.aws_url, now=clock.now)
        self._before = self.back
        lender = Lender(vault=gone, aws=aws, now=self.clock.now)
        self.back = self.with_ports(lender=lender, notary=gone)

    def finds_vault(self) -> None:
        self.back = self._before

    def with_ports(self, **ports: Any) -> Back:
        """Return the worker's side with something around some of its ports."""
        return dataclasses.replace(self.back, **ports)

    async def _sql(self, query: str, **values: object):
        async with self.owner.begin() as connection:
            found = await connection.execute(text(query), values)
            return found.all() if found.returns_rows else []


def _source(rule: dict[str, Any]) -> str:
    """Return where a rule lets in from, as AWS says it."""
    network = rule.get("CidrIpv4") or rule.get("CidrIpv6")
    return network or rule["ReferencedGroupInfo"]["GroupId"]


def _texts(part: object) -> list[str]:
    """Return every text in some blocks, however deep."""
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [one for value in part.values() for one in _texts(value)]
    if isinstance(part, list):
        return [one for value in part for one in _texts(value)]
    return []


def worker_side(day: Day, *, store: Store, catalog: InForce, clock_of: Shifted) -> Back:
    """Return the product's own worker side over this story's world."""
    town = day.town
    vault = Vault(
        address=town.openbao.address,
        role_id=town.role_id,
        secret_id=SecretStr(town.secret_id),
        now=clock.now,
    )

    async def sleep(seconds: float) -> None:
        """Let others work; what a story waits for, it says by its own clock."""
        clock_of.passes(seconds=max(0.0, seconds - PACE.poll.total_seconds()))
        await asyncio.sleep(min(seconds, PACE.poll.total_seconds()))

    return Back(
        store=store,
        catalog=catalog,
        registry=town.registry,
        now=clock_of.now,
        new_id=clock.new_id,
        new_code=clock.new_code,
        gitlab_url=town.places.gitlab_url,
        words=partial(town.speech.say, language="en"),
        outbox=Outbox(store),
        chat=slack_chat(
            token=day.slack.secrets.bot_token,
            base_url=day.slack_api,
            speech=town.speech,
            trusted=(town.places.gitlab_url,),
        ),
        forge=GitLab(
            town.places.gitlab_url,
            timeout=timedelta(seconds=5),
            work_timeout=timedelta(seconds=20),
        ),
        lender=Lender(
            vault=vault,
            # AWS counts in its own time, not in that of the story.
            aws=Aws(town.places.aws_url, now=clock.now),
            now=clock_of.now,
            databases=Databases(at=town.databases),
        ),
        notary=vault,
        sleep=sleep,
        pace=PACE,
    )
