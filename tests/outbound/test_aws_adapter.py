"""The AWS adapter: lent credentials in, answers or our own errors out, no secret."""

from __future__ import annotations

import asyncio
import threading
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import Broken, OutcomeUnknown, Unavailable
from bot.outbound.aws import Aws, AwsCredentials
from deploy.sandbox.aws.faults import Fault
from deploy.sandbox.aws.principal import ADMIN_KEY
from deploy.sandbox.aws.seed import REGION
from playbooks.aws.rds_snapshot import RdsSnapshot
from tests.aws_world import ACCOUNT, OPERATION, ROLE, seeded_world

PLAYBOOK = RdsSnapshot(database="acme-db-prod", region=REGION, account=ACCOUNT)
SCOPE = PLAYBOOK.scope(OPERATION)
TAKE = {
    "DBInstanceIdentifier": "acme-db-prod",
    "DBSnapshotIdentifier": PLAYBOOK.snapshot(OPERATION),
}
READ = {"DBInstanceIdentifier": "acme-db-prod"}
LATER = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


def credentials(**changed) -> AwsCredentials:
    made = {
        "access_key_id": "ASIAMADEUP0000000001",
        "secret_access_key": SecretStr("canary-secret"),
        "session_token": SecretStr("canary-token"),
        "expires_at": LATER,
    }
    return AwsCredentials(**{**made, **changed})


def assume(aws, **changed):
    asked = {
        "role_arn": ROLE,
        "session_name": f"tandem-{OPERATION}",
        "jwt": SecretStr(aws.issuer.token()),
        "policy": '{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}',
        "duration": timedelta(minutes=15),
        "region": REGION,
    }
    adapter = Aws(aws.cloud.endpoint, now=aws.clock.now)
    return adapter.assume(**{**asked, **changed})


async def test_credentials_are_lent_for_as_long_as_was_asked(aws):
    lent = await assume(aws)

    assert lent.expires_at.tzinfo is UTC
    assert timedelta(minutes=14) < lent.expires_at - aws.clock.now()
    assert lent.expires_at - aws.clock.now() <= timedelta(minutes=15)


async def test_a_token_of_another_client_is_refused(aws):
    with pytest.raises(AwsRefusal) as refused:
        await assume(aws, jwt=SecretStr(aws.issuer.token("globex")))

    assert refused.value.denied
    assert refused.value.operation == "sts:AssumeRoleWithWebIdentity"


@pytest.mark.parametrize(
    "changed",
    [
        {"duration": timedelta(minutes=14)},
        {"role_arn": "acme"},
        {"role_arn": ROLE + "\n"},
        {"session_name": "x"},
        {"session_name": "a b"},
    ],
)
async def test_what_sts_would_never_take_is_our_mistake(aws, changed):
    with pytest.raises(Broken):
        await assume(aws, **changed)

    assert aws.cloud.ledger.denials("sts:*") == ()


async def test_lending_is_tried_again_when_sts_stumbles(aws):
    aws.cloud.faults.add(Fault(kind="error", action="sts:*"))

    lent = await assume(aws)

    assert lent.access_key_id.startswith("ASIA")


async def test_sts_that_stays_down_is_unavailable_and_not_unknown(aws):
    aws.cloud.faults.add(Fault(kind="down", action="sts:*", times=None))

    with pytest.raises(Unavailable) as failed:
        await assume(aws)

    assert not isinstance(failed.value, OutcomeUnknown)


async def test_a_call_within_the_scope_is_answered(aws):
    session = await aws.session(SCOPE)

    answer = await session.call("rds", "DescribeDBInstances", READ)

    assert answer["DBInstances"][0]["AllocatedStorage"] == 100
    assert "ResponseMetadata" not in answer


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("rds", "DeleteDBInstance", READ, "AccessDenied"),
        ("ec2", "DescribeInstances", {}, "UnauthorizedOperation"),
    ],
)
async def test_a_call_outside_the_scope_is_denied(
    aws, service, operation, parameters, code
):
    session = await aws.session(SCOPE)

    with pytest.raises(AwsRefusal) as refused:
        await session.call(service, operation, parameters)

    assert refused.value.denied
    assert refused.value.code == code
    assert f"{service}:{operation}" in refused.value.words


async def test_a_refusal_keeps_the_code_of_aws(aws):
    session = await aws.session(SCOPE)
    await session.call("rds", "CreateDBSnapshot", TAKE)

    with pytest.raises(AwsRefusal) as again:
        await session.call("rds", "CreateDBSnapshot", TAKE)

    assert again.value.code == "DBSnapshotAlreadyExists"
    assert not again.value.denied
    assert not again.value.expired


async def test_ended_credentials_are_not_even_sent(aws):
    session = await aws.session(SCOPE)
    before = aws.cloud.ledger.entries()
    aws.clock.ahead = timedelta(minutes=15)

    with pytest.raises(AwsRefusal) as refused:
        await session.call("rds", "CreateDBSnapshot", TAKE)

    assert refused.value.expired
    assert aws.cloud.ledger.entries() == before


@pytest.mark.parametrize(
    ("kind", "done"), [("error-after", 1), ("drop-after", 1), ("drop", 0), ("error", 0)]
)
async def test_a_change_without_a_good_answer_is_unknown_and_sent_once(aws, kind, done):
    session = await aws.session(SCOPE)
    aws.cloud.faults.add(Fault(kind=kind, action="rds:Create*"))

    with pytest.raises(OutcomeUnknown):
        await session.call("rds", "CreateDBSnapshot", TAKE)

    assert len(aws.cloud.ledger.effects("rds:CreateDBSnapshot")) == done


async def test_a_change_that_is_answered_too_late_is_unknown(aws):
    adapter = Aws(
        aws.cloud.endpoint, now=aws.clock.now, patience=timedelta(seconds=0.2)
    )
    own = await aws.session(SCOPE)
    session = adapter.session(own._credentials, region=REGION)
    aws.cloud.faults.add(Fault(kind="delay", action="rds:Create*", seconds=0.6))

    with pytest.raises(OutcomeUnknown):
        await session.call("rds", "CreateDBSnapshot", TAKE)

    # Done all the same; in this test's world, and not in the next one's.
    async with asyncio.timeout(5):
        while not aws.cloud.ledger.effects("rds:CreateDBSnapshot"):  # noqa: ASYNC110 - a ledger has no event
            await asyncio.sleep(0.05)


async def test_a_throttled_change_did_not_happen(aws):
    session = await aws.session(SCOPE)
    aws.cloud.faults.add(Fault(kind="throttle", action="rds:Create*"))

    with pytest.raises(Unavailable) as failed:
        await session.call("rds", "CreateDBSnapshot", TAKE)

    assert not isinstance(failed.value, OutcomeUnknown)
    assert aws.cloud.ledger.effects("rds:CreateDBSnapshot") == ()


@pytest.mark.parametrize("kind", ["error", "throttle", "drop", "down"])
async def test_reading_is_tried_again(aws, kind):
    session = await aws.session(SCOPE)
    aws.cloud.faults.add(Fault(kind=kind, action="rds:Describe*"))

    answer = await session.call("rds", "DescribeDBInstances", READ)

    assert answer["DBInstances"]


@pytest.mark.parametrize("kind", ["error", "throttle", "drop", "down"])
async def test_reading_that_keeps_failing_is_unavailable_and_not_unknown(aws, kind):
    session = await aws.session(SCOPE)
    aws.cloud.faults.add(Fault(kind=kind, action="rds:Describe*", times=None))

    with pytest.raises(Unavailable) as failed:
        await session.call("rds", "DescribeDBInstances", READ)

    assert not isinstance(failed.value, OutcomeUnknown)


async def test_a_change_that_could_not_be_sent_did_not_happen():
    nobody = Aws("http://127.0.0.1:1", now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    session = nobody.session(credentials(), region=REGION)

    with pytest.raises(Unavailable) as failed:
        await session.call("rds", "CreateDBSnapshot", TAKE)

    assert not isinstance(failed.value, OutcomeUnknown)


async def test_parameters_that_do_not_fit_are_our_mistake_and_not_quoted(aws):
    session = await aws.session(SCOPE)

    with pytest.raises(Broken) as unfit:
        await session.call("rds", "CreateDBSnapshot", {"Tags": "canary"})
    with pytest.raises(Broken):
        await session.call("rds", "MakeCoffee", {})

    assert "canary" not in str(unfit.value)


async def test_nothing_is_taken_from_the_environment(aws, monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[default]\nendpoint_url = http://127.0.0.1:1\nregion = x\n")
    for name, value in {
        "AWS_ACCESS_KEY_ID": ADMIN_KEY,
        "AWS_SECRET_ACCESS_KEY": "wrong",
        "AWS_PROFILE": "no-such-profile",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_MAX_ATTEMPTS": "x",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)

    session = await aws.session(SCOPE)
    answer = await session.call("rds", "DescribeDBInstances", READ)
    vendor = Aws(None, now=aws.clock.now).client(
        "rds", region=REGION, credentials=credentials(), attempts=1
    )

    assert answer["DBInstances"]
    assert vendor.meta.endpoint_url == f"https://rds.{REGION}.amazonaws.com"


async def test_without_lent_credentials_none_are_looked_for(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ADMIN_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    adapter = Aws(None, now=lambda: LATER)
    adapter.client("sts", region=REGION, credentials=None, attempts=1)

    assert adapter._botocore.get_credentials() is None


@contextmanager
def echo(code: str, status: int):
    """An AWS that quotes the whole request in its refusal."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            said = self.rfile.read(length).decode() + str(self.headers)
            said = said.replace("&", "&amp;").replace("<", "&lt;")
            body = (
                f"<ErrorResponse><Error><Code>{code}</Code><Message>{said}</Message>"
                "</Error></ErrorResponse>"
            ).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def everything_said(error: BaseException) -> str:
    told = traceback.TracebackException.from_exception(error)
    return "".join(told.format()) + repr(error) + repr(vars(error))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ValidationError", 400),
        ("InvalidIdentityToken", 400),
        ("SignatureDoesNotMatch", 403),
        ("Throttling", 400),
        ("Weird", 500),
    ],
)
async def test_no_error_quotes_a_token_or_a_secret(code, status):
    with echo(code, status) as endpoint:
        adapter = Aws(endpoint, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
        session = adapter.session(credentials(), region=REGION)
        with pytest.raises((AwsRefusal, Unavailable)) as lending:
            await adapter.assume(
                role_arn=ROLE,
                session_name="tandem-1",
                jwt=SecretStr("canary-jwt"),
                policy="{}",
                duration=timedelta(minutes=15),
                region=REGION,
            )
        with pytest.raises((AwsRefusal, Unavailable)) as calling:
            await session.call("rds", "CreateDBSnapshot", TAKE)

    for raised in (lending.value, calling.value):
        assert "canary" not in everything_said(raised)
        assert raised.__context__ is None


async def test_no_value_shows_its_secrets(aws):
    lent = credentials()
    session = Aws(None, now=aws.clock.now).session(lent, region=REGION)

    shown = repr(lent) + str(lent) + repr(session) + lent.model_dump_json()

    assert "canary" not in shown
