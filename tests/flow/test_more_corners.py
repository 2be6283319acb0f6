"""More of what hardly ever happens, asked of the functions themselves."""

import pytest

from bot.domain.audit import Event, EventName
from bot.domain.errors import Broken
from bot.domain.outgoing import Outgoing, Way
from bot.flow.envelope import let_pass
from bot.flow.holding import held
from bot.flow.report import _Speaker, _together
from bot.flow.rights import actor
from bot.flow.run import WorkerRun
from tests.flow.people import ACME

NOBODY = "a" * 20


async def test_what_was_not_lent_is_broken_and_names_the_operation(ops):
    operation = (await ops.alice.asks("backup db-prod")).operation
    run = WorkerRun(operation, ops.back)

    with pytest.raises(Broken, match=f"no AWS session was lent for .* {operation.id}"):
        _ = run.aws
    with pytest.raises(Broken, match=f"no host was lent for .* {operation.id}"):
        _ = run.host
    with pytest.raises(Broken, match=f"no database was lent for .* {operation.id}"):
        _ = run.database
    with pytest.raises(Broken, match=f"no domain was lent for .* {operation.id}"):
        _ = run.tls


async def test_a_run_has_the_live_state_that_was_approved(ops):
    operation = (await ops.alice.asks("backup db-prod")).operation
    bare = operation.model_copy(update={"proposal": None})

    found = WorkerRun(operation, ops.back).before

    assert found == operation.proposal.bound.live_state != ""
    assert WorkerRun(bare, ops.back).before == ""


async def test_what_is_in_no_envelope_is_never_let_pass(ops):
    operation = (await ops.alice.asks("backup db-prod")).operation
    event = Event(name=EventName.OPERATION_PROPOSED, actor="tandem", source="worker")

    for route in (operation.route, None):
        proposed = operation.model_copy(update={"route": route})
        with pytest.raises(Broken, match="is in no envelope"):
            let_pass(proposed, proposal=event, back=ops.back)


async def test_no_freeze_holds_what_is_of_a_client_that_left(ops):
    await ops.carol.types("freeze all until tomorrow 09:00 We launch tonight")
    operation = (await ops.alice.asks("backup db-prod")).operation
    gone = operation.model_copy(update={"client": "gone"})
    now = ops.back.now()

    assert await held(operation, at=now, front=ops.back) is not None
    assert await held(gone, at=now, front=ops.back) is None


@pytest.mark.parametrize(
    ("who", "client", "roles"),
    [
        ("alice", "acme", {"client.developer"}),
        ("alice", "globex", set()),
        ("henri", "acme", set()),
        ("bob", "globex", {"provider.engineer", "provider.oncall"}),
    ],
)
async def test_roles_are_of_a_client_and_end_with_the_account(ops, who, client, roles):
    person = ops.back.catalog.current().member(who)

    found = actor(person, client=client, at=ops.back.now(), front=ops.back)

    assert found.roles == roles


async def test_an_entry_about_nothing_is_broken_and_is_not_said(ops):
    out = Outgoing(way=Way.CARD, place=ACME, operation=NOBODY)
    speaker = _Speaker("acme", ACME, (), set(), ops.back)

    with pytest.raises(Broken, match=f"names operation {NOBODY}, there is none"):
        await speaker._operation(out)
    with pytest.raises(Broken, match="an entry with nothing to say"):
        _together([None])
