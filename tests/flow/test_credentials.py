"""
What was lent for one action is good for that action alone.

The whole chain is real or refuses what the real one refuses: OpenBao mints the child
token and signs the identity token, STS checks it, and the guarded AWS holds every call
against the role and the session's policy.
"""

import contextlib
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import TandemError
from bot.outbound import clock

INPUTS = {"database": "acme-db-prod", "region": "eu-west-3", "account": "123456789012"}


class Lent:
    """A loan for one operation, made as the worker makes it."""

    def __init__(self, ops):
        self.ops = ops
        self.operation = clock.new_id()
        self.client = ops.back.catalog.current().client("acme")
        playbook = ops.back.registry.playbook("aws.rds_snapshot", inputs=INPUTS)
        self.scope = playbook.scope(self.operation)
        self.name = playbook.snapshot(self.operation)

    async def mint(self, client="acme", action="rds-snapshot"):
        return await self.ops.back.lender.mint(
            client=client,
            action=action,
            operation=self.operation,
            ttl=timedelta(minutes=5),
        )

    async def session(self, minted, *, client="acme", of=None, minutes=10):
        return await self.ops.back.lender.aws_session(
            minted,
            client=client,
            aws=(of or self.client).aws,
            scope=self.scope,
            operation=self.operation,
            until=self.ops.clock.now() + timedelta(minutes=minutes),
        )


@pytest_asyncio.fixture(loop_scope="session")
async def lent(ops):
    return Lent(ops)


@pytest_asyncio.fixture(loop_scope="session")
async def session(lent):
    """AWS by the credentials lent for one backup of db-prod."""
    return await lent.session(await lent.mint())


def snapshot_of(database, name):
    return {"DBInstanceIdentifier": database, "DBSnapshotIdentifier": name}


async def refused(session, service, operation, parameters):
    with pytest.raises(AwsRefusal) as caught:
        await session.call(service, operation, parameters)
    return caught.value


async def test_they_take_this_snapshot_of_this_database(ops, lent, session):
    await session.call(
        "rds", "CreateDBSnapshot", snapshot_of("acme-db-prod", lent.name)
    )

    assert ops.aws.snapshots("acme-db-prod") == [lent.name]


async def test_they_are_refused_for_the_database_next_to_it(ops, lent, session):
    refusal = await refused(
        session, "rds", "CreateDBSnapshot", snapshot_of("acme-db-prod-2", lent.name)
    )

    assert refusal.code == "AccessDenied"
    assert "db:acme-db-prod-2" in refusal.words
    assert ops.aws.created == ()
    (denial,) = ops.day.cloud.ledger.denials("rds:CreateDBSnapshot")
    assert denial.session == f"tandem-{lent.operation}"


async def test_they_are_refused_for_the_database_of_another_client(lent, session):
    wanted = snapshot_of("globex-shop-db", lent.name)

    refusal = await refused(session, "rds", "CreateDBSnapshot", wanted)

    assert refusal.code == "AccessDenied"


@pytest.mark.parametrize(
    "name", ["tandem-acme-db-prod-other", "tandem-globex-x", "mine"]
)
async def test_they_are_refused_for_a_snapshot_of_another_name(session, name):
    wanted = snapshot_of("acme-db-prod", name)

    refusal = await refused(session, "rds", "CreateDBSnapshot", wanted)

    assert refusal.code == "AccessDenied"


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        (
            "rds",
            "DeleteDBInstance",
            {"DBInstanceIdentifier": "acme-db-prod", "SkipFinalSnapshot": True},
        ),
        (
            "rds",
            "ModifyDBInstance",
            {"DBInstanceIdentifier": "acme-db-prod", "AllocatedStorage": 1},
        ),
        ("rds", "RebootDBInstance", {"DBInstanceIdentifier": "acme-db-prod"}),
        ("ec2", "DescribeInstances", {}),
        ("rds", "DescribeDBInstances", {"DBInstanceIdentifier": "acme-db-prod-2"}),
    ],
)
async def test_they_are_refused_for_any_other_action(
    session, service, operation, parameters
):
    refusal = await refused(session, service, operation, parameters)

    assert refusal.denied


async def test_they_cannot_delete_the_snapshot_they_took(lent, session):
    wanted = snapshot_of("acme-db-prod", lent.name)
    await session.call("rds", "CreateDBSnapshot", wanted)

    refusal = await refused(
        session, "rds", "DeleteDBSnapshot", {"DBSnapshotIdentifier": lent.name}
    )

    assert refusal.code == "AccessDenied"


async def test_they_are_refused_after_the_action_s_time(ops, lent):
    session = await lent.session(await lent.mint(), minutes=2)
    ops.day.sky.passes(minutes=3)

    refusal = await refused(
        session, "rds", "CreateDBSnapshot", snapshot_of("acme-db-prod", lent.name)
    )

    # STS lends for 15 minutes at least: the date in the policy ends it before.
    assert refusal.code == "AccessDenied"


async def test_they_are_refused_once_sts_ends_them(ops, lent, session):
    ops.day.sky.passes(minutes=16)

    refusal = await refused(
        session, "rds", "CreateDBSnapshot", snapshot_of("acme-db-prod", lent.name)
    )

    assert refusal.code == "ExpiredToken"


async def test_a_loan_of_globex_cannot_assume_the_role_of_acme(ops, lent):
    minted = await lent.mint(client="globex")

    with pytest.raises(AwsRefusal) as caught:
        await lent.session(minted, client="globex", of=lent.client)

    assert caught.value.code == "AccessDenied"
    (denial,) = ops.day.cloud.ledger.denials("sts:AssumeRoleWithWebIdentity")
    assert denial.session == f"tandem-{lent.operation}"


async def test_a_loan_of_globex_gets_no_identity_of_acme(lent):
    minted = await lent.mint(client="globex")

    with pytest.raises(TandemError):
        await lent.session(minted, client="acme")


async def test_a_loan_to_read_gets_no_identity_to_act(lent):
    minted = await lent.mint(action="rds-snapshot-read")

    with pytest.raises(TandemError):
        await lent.session(minted)


async def test_a_loan_that_was_given_back_gets_nothing_any_more(ops, lent):
    minted = await lent.mint()
    await ops.back.lender.revoke(minted.accessor)

    with pytest.raises(TandemError):
        await lent.session(minted)


async def test_a_loan_to_read_gitlab_gets_no_token_that_can_merge(ops, lent):
    minted = await lent.mint(action="gitlab-read")

    with pytest.raises(TandemError):
        await ops.back.lender.forge_token(
            minted, client="acme", purpose="gitlab-execute"
        )


async def test_the_token_to_prepare_cannot_merge(ops, lent):
    card = await ops.alice.asks("resize web-2 m5.large")
    minted = await lent.mint(action="gitlab-prepare")
    token = await ops.back.lender.forge_token(
        minted, client="acme", purpose="gitlab-prepare"
    )
    bound = card.operation.proposal.bound

    with contextlib.suppress(TandemError):
        await ops.back.forge.merge(
            bound.project,
            iid=card.operation.progress.merge_request,
            sha=bound.head_sha,
            message="Merged",
            token=token,
        )

    assert ops.git.merged == []


async def test_the_session_of_a_backup_that_ran_is_refused_everywhere_else(ops):
    # The very session that the worker used, caught as it was lent.
    sessions = []
    lender = ops.back.lender

    class Catching:
        def __getattr__(self, name):
            return getattr(lender, name)

        async def aws_session(self, *args, **named):
            made = await lender.aws_session(*args, **named)
            sessions.append((named["scope"].name, made))
            return made

    ops.back = ops.with_ports(lender=Catching())
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.works()
    ((_, session),) = [one for one in sessions if one[0] == "rds-snapshot"]

    for database in ("acme-db-prod-2", "acme-db-staging", "globex-shop-db"):
        wanted = snapshot_of(database, f"tandem-{database}-{card.operation.id}")
        refusal = await refused(session, "rds", "CreateDBSnapshot", wanted)
        assert refusal.code == "AccessDenied"
    assert len(ops.aws.created) == 1
