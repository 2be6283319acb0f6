"""
Every command on the sandbox's page, its effect read back from the system itself.

One sandbox with real hosts, and with a real Terraform where there is one, for all of
them, in any order. A new command needs a row here.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import boto3
import psycopg
import pytest
import pytest_asyncio
from botocore.config import Config

from bot import registry
from deploy.sandbox.aws.principal import ADMIN_KEY, ADMIN_SECRET
from deploy.sandbox.aws.seed import REGION
from deploy.sandbox.client_mariadb import available
from deploy.sandbox.demo import ALICE, People
from deploy.sandbox.hosts import missing
from deploy.sandbox.whole import Sandbox, Wishes
from deploy.vault.admin import Admin
from tests.real.page import DONE, REFUSED, Page
from tests.real.web import SHOP, Visitor

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(missing()), reason=f"this machine has no {missing()}"),
]

PRODUCTION = "environments/production"


@dataclass(frozen=True)
class Seen:
    """The systems, past Tandem."""

    sandbox: Sandbox

    def aws(self, service):
        return boto3.client(
            service,
            endpoint_url=self.sandbox.places.aws_url,
            aws_access_key_id=ADMIN_KEY,
            aws_secret_access_key=ADMIN_SECRET,
            region_name=REGION,
            config=Config(proxies={}),
        )

    @staticmethod
    def named(name):
        return [
            {"Name": "tag:Name", "Values": [name]},
            {"Name": "tag:Client", "Values": ["acme"]},
        ]

    async def instance(self, name):
        ec2 = self.aws("ec2")
        found = await asyncio.to_thread(
            ec2.describe_instances, Filters=self.named(name)
        )
        return found["Reservations"][0]["Instances"][0]

    async def volume(self, name):
        ec2 = self.aws("ec2")
        found = await asyncio.to_thread(ec2.describe_volumes, Filters=self.named(name))
        return found["Volumes"][0]

    async def snapshots(self):
        rds = self.aws("rds")
        found = await asyncio.to_thread(
            rds.describe_db_snapshots, DBInstanceIdentifier="acme-db-prod"
        )
        return len(found["DBSnapshots"])

    async def ingress(self, group):
        """Return who may reach which port of a security group, as AWS has it."""
        ec2 = self.aws("ec2")
        found = await asyncio.to_thread(
            ec2.describe_security_groups, Filters=self.named(group)
        )
        return {
            (source["CidrIp"], rule["FromPort"])
            for rule in found["SecurityGroups"][0]["IpPermissions"]
            for source in rule["IpRanges"]
        }

    async def git(self, *words):
        folder = self.sandbox.state / "gitlab" / "repositories" / "1.git"
        return await said("/usr/bin/git", "-C", folder, *words)

    @property
    def web(self):
        return Visitor(self.sandbox.hosts.nginx)

    @property
    def copies(self):
        return self.sandbox.state / "data-host" / "copies"

    async def postgres(self):
        address = self.sandbox.acme_postgres.superuser().get_secret_value()
        async with await psycopg.AsyncConnection.connect(address) as there:
            found = await there.execute("SELECT datname FROM pg_database")
            return {one for (one,) in await found.fetchall()}

    async def exported(self):
        python = self.sandbox.hosts.data.python
        script = "import subprocess; subprocess.run(['exportfs', '-s'], check=True)"
        return await said(python, "-c", script)

    def nginx_number(self):
        return (self.sandbox.hosts.nginx.root / "run" / "nginx.pid").read_text()


async def said(*words):
    """Return what a program printed."""
    process = await asyncio.create_subprocess_exec(
        *map(str, words), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, words
    return out.decode()


@pytest.fixture(scope="module")
def open_folder():
    """A folder that PostgreSQL may enter too, which runs as another user than root."""
    made = Path(tempfile.mkdtemp(prefix="tandem-page-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(open_folder):
    sandbox = Sandbox(open_folder / "sandbox", Wishes(page_port=0, hosts=True))
    try:
        await sandbox.start()
        yield Seen(sandbox)
    finally:
        await sandbox.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(seen):
    people = People(seen.sandbox.places.slack_url)
    yield Page(people)
    await people.close()


ROWS = {}


def row(name, *, when=True, why=""):
    """Have this function be what is told of a command."""

    def kept(story):
        ROWS[name] = story if when else pytest.param(story, marks=skipped(why))
        return story

    def skipped(reason):
        return pytest.mark.skip(reason=reason)

    return kept


async def does(page, line):
    """Have it asked, approved and done, and return the card."""
    card = await page.gets(line)
    assert DONE in card.text, card.text
    return card


async def takes_back(page, line):
    """Have what was asked by this line undone, by the id on its card."""
    return await does(page, f"undo {page.asked[line]}")


async def whispered(page, line):
    """Return what Alice alone sees as the answer."""
    before = {one["ts"] for one in await page.people.sees(ALICE)}
    await page.people.types(ALICE, f"/infra {line}")
    for _ in range(200):
        after = await page.people.sees(ALICE)
        found = [one for one in after if one["ts"] not in before]
        if found:
            return json.dumps(found, ensure_ascii=False)
        await asyncio.sleep(0.1)
    raise AssertionError(f"no answer to {line}")


@row("list")
async def _(page, seen):
    answer = await whispered(page, "list")

    assert "web-2" in answer
    assert "shop-1" not in answer  # it is another client's


@row("show")
async def _(page, seen):
    answer = await whispered(page, "show web-1")

    assert "web-1" in answer
    assert "Who decides today" in answer


@row("resize")
async def _(page, seen):
    line = "resize web-2 m5.large"
    before = (await seen.instance("web-2"))["InstanceType"]

    await does(page, line)

    assert (await seen.instance("web-2"))["InstanceType"] == "m5.large"
    changed = await seen.git("show", "--numstat", "--format=", "main^2")
    assert changed.split() == ["1", "1", f"{PRODUCTION}/main.tf"]

    await takes_back(page, line)

    assert (await seen.instance("web-2"))["InstanceType"] == before
    assert await seen.git("diff", "main~2", "main", "--", f"{PRODUCTION}/main.tf") == ""


@row("resize-disk")
async def _(page, seen):
    size = (await seen.volume("uploads"))["Size"] + 10

    card = await does(page, f"resize-disk uploads {size}")

    assert (await seen.volume("uploads"))["Size"] == size
    assert "only grow" in card.text or "way back" in card.text


@row("backup")
async def _(page, seen):
    before = await seen.snapshots()

    await does(page, "backup db-prod")

    assert await seen.snapshots() == before + 1


@row("stop")
async def _(page, seen):
    await does(page, "stop web-staging")

    assert (await seen.instance("web-staging"))["State"]["Name"] == "stopped"

    await takes_back(page, "stop web-staging")

    assert (await seen.instance("web-staging"))["State"]["Name"] == "running"


@row("start")
async def _(page, seen):
    await does(page, "stop web-staging")
    await does(page, "start web-staging")

    assert (await seen.instance("web-staging"))["State"]["Name"] == "running"


@row("restart")
async def _(page, seen):
    await does(page, "restart web-staging")

    assert (await seen.instance("web-staging"))["State"]["Name"] == "running"
    ledger = (seen.sandbox.state / "aws" / "ledger.jsonl").read_text()
    assert ledger.count('"ec2:RebootInstances"') == 1


@row("flow")
async def _(page, seen):
    line = "flow open 203.0.113.0/24 shop-front 8443"
    opened = ("203.0.113.0/24", 8443)
    assert opened not in await seen.ingress("shop-front")

    await does(page, line)

    assert opened in await seen.ingress("shop-front")

    await takes_back(page, line)

    assert opened not in await seen.ingress("shop-front")


@row("set")
async def _(page, seen):
    line, file = "set nginx-workers 8", "main:ansible/group_vars/web.yml"
    before = await seen.git("show", file)

    await does(page, line)

    changed = await seen.git("show", "--numstat", "--format=", "main^2")
    assert changed.split()[:2] == ["1", "1"]
    assert "nginx_workers: 8" in await seen.git("show", file)

    await takes_back(page, line)

    assert await seen.git("show", file) == before


@row("vhost")
async def _(page, seen):
    blog = "blog.acme.example"
    line = f"vhost add {blog} on web-host"

    await does(page, line)

    assert await seen.web.is_served(blog)

    await takes_back(page, line)

    assert not await seen.web.is_served(blog)


async def has_a_site(page, seen):
    if not await seen.web.is_served(SHOP):
        await does(page, f"vhost add {SHOP} on web-host")


@row("cert")
async def _(page, seen):
    await has_a_site(page, seen)
    bao = seen.sandbox.openbao
    admin = Admin(address=bao.address, token=bao.admin_token())
    authority = await admin.read("pki-acme/cert/ca")

    await does(page, f"cert install {SHOP} on web-host")

    shown = await seen.web.shown(SHOP, trusting=str(authority["certificate"]))
    assert shown.subject.rfc4514_string() == f"CN={SHOP}"


@row("service")
async def _(page, seen):
    await has_a_site(page, seen)
    before = seen.nginx_number()

    await does(page, "service restart nginx on web-host")

    assert seen.nginx_number() != before
    assert await seen.web.is_served(SHOP)


@row("deploy")
async def _(page, seen):
    commit = (await seen.git("rev-parse", "main")).strip()

    await does(page, "deploy shop main on web-host")

    shop = seen.sandbox.state / "web-host" / "shop"
    assert (shop / "current").resolve() == shop / "releases" / commit
    assert commit in (shop / "current" / "index.html").read_text()


@row("nfs")
async def _(page, seen):
    card = await page.gets("nfs create media 1M for web-host on data-host")

    if "exports nothing by NFS" in card.text:
        pytest.skip("no exportfs here, or no namespaces for an ordinary user")
    assert DONE in card.text, card.text
    (line,) = (await seen.exported()).splitlines()
    folder = seen.sandbox.state / "data-host" / "nfs" / "media"
    assert line.split("(")[0].split() == [str(folder), "127.0.0.1"]


@row("dump")
async def _(page, seen):
    await does(page, "dump stock on data-host")
    if available():
        await does(page, "dump shop on data-host")

    found = [one for one in seen.copies.rglob("*") if one.suffix in (".dump", ".sql")]
    assert len(found) == 1 + available()
    text = b"".join(one.read_bytes() for one in found)
    assert (b"a blue chair" in text) is available()
    (copy,) = (one for one in found if one.suffix == ".dump")
    restore = seen.sandbox.hosts.data.python
    script = f"import subprocess; subprocess.run(['pg_restore', '-f-', '{copy}'])"
    assert "a red lamp" in await said(restore, "-c", script)


@row("converge")
async def _(page, seen):
    card = await page.gets("converge data-host")

    # No Chef client is to be had here, and that is what it says.
    assert REFUSED in card.text
    assert "/usr/bin/chef-client" in card.text


@row("postgres")
async def _(page, seen):
    await does(page, "postgres create ideas on pg-staging")

    assert "ideas" in await seen.postgres()


@row("mysql", when=available(), why="this machine has no mariadbd")
async def _(page, seen):
    await does(page, "mysql create ideas on my-staging")

    assert "ideas" in (await seen.sandbox.acme_mariadb.say("SHOW DATABASES")).split()


@pytest.mark.parametrize("story", ROWS.values(), ids=ROWS)
async def test_on_the_page(page, seen, story):
    await story(page, seen)


async def test_every_command_and_question_is_told_of():
    found = registry.load()

    assert set(ROWS) == {*found.commands, *found.queries}
