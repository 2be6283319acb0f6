"""Operations in every state and of both kinds, as cards and stories are drawn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.audit import EventName, Record
from bot.domain.card import CardView
from bot.domain.catalog import Person
from bot.domain.catalog.people import ClientRole, ProviderRole, SlackIdentity
from bot.domain.change import DirectAction, Effect, MergeRequest, SetAttribute
from bot.domain.decision import Decision, Verdict
from bot.domain.message import Message
from bot.domain.operation import ENDED, Operation, Place, Progress, State
from bot.domain.proposal import Bound, Drafted, Line, Proposal, digest
from bot.domain.route import Need, Route
from bot.domain.scope import Environment, Risk
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech

TEAM = "T0CLARANET"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
GITLAB = "https://gitlab.example.com/"
SPEECH = Speech()
PEN = Pen(SPEECH, "en", (GITLAB,))
ID = "abcdefghijklmnopqrst"


def member(name, user, *, provider):
    return Person(
        id=name.split(maxsplit=1)[0].lower(),
        name=name,
        organisation="claranet" if provider else "acme",
        roles=(ProviderRole.ENGINEER,) if provider else (ClientRole.DEVELOPER,),
        slack=(SlackIdentity(team=TEAM, user=user),),
    )


ALICE = member("Alice Martin", "U0ALICE", provider=False)
BOB = member("Bob Durand", "U0BOB", provider=True)
DAVE = member("Dave Leroy", "U0DAVE", provider=True)
PEOPLE = {one.id: one for one in (ALICE, BOB, DAVE)}

DIFF = """--- a/environments/production/main.tf
+++ b/environments/production/main.tf
@@ -10,3 +10,3 @@
 resource "aws_instance" "web_2" {
-  instance_type = "t3.medium"
+  instance_type = "m5.large"
"""


def merge_request(**more):
    return MergeRequest(
        title=Message.own(
            en="Resize { $instance } to { $type }",
            args={"instance": "web-2", "type": "m5.large"},
        ),
        edits=(
            SetAttribute(
                directory="environments/production",
                address="aws_instance.web_2",
                attribute="instance_type",
                value="m5.large",
            ),
        ),
        effect=Effect(observation="aws.ec2_instance", inputs={}, expected={}),
        **more,
    )


def direct_action(title="db-prod"):
    return DirectAction(
        title=Message.own(en="Back up { $database }", args={"database": title}),
        playbook="aws.rds_snapshot",
        inputs={},
    )


def proposal_of(kind, **more):
    bound = Bound(
        client="acme",
        command=kind,
        arguments={},
        target="web-2",
        credentials="act-acme-x",
        policy="spine-1",
        catalog="0" * 64,
        expires_at=NOW + timedelta(hours=4),
    )
    live = Message.of("card.live", {"name": "instance_type"})
    shown = (
        {
            "diff": DIFF,
            "plan": ("~ aws_instance.web_2", "    instance_type = t3.medium -> m5"),
            "summary": Message.of(
                "card.plan", {"add": 0, "change": 1, "destroy": 0, "replace": 0}
            ),
            "findings": (
                Message.of("guard.destroy", {"address": "aws_instance.db_1"}),
                Message.of("guard.create", {"address": 'aws_eip.x["<@U1>"]'}),
            ),
            "shared_with": ("aws_instance.web_1",),
            "pipeline_url": f"{GITLAB}acme/infra/-/pipelines/9",
        }
        if kind == "resize"
        else {
            "summary": Message.of("card.direct", {"playbook": "aws.rds_snapshot"}),
            "calls": ("rds:CreateDBSnapshot acme-db-prod → tandem-acme-db-prod-x",),
            "undo": Message.of("playbook.rds-snapshot.undo"),
        }
    )
    given = {
        "bound": bound,
        "risk": Risk.MEDIUM,
        "facts": (Line(label=live, value="t3.medium"),),
        **shown,
        **more,
    }
    return Proposal(**given)


def operation_of(kind="resize", state=State.PROPOSED, *, proposal=None, **more):
    seen = proposal or proposal_of(kind)
    early = state in (State.ASKED, State.REFUSED)
    ended = state in ENDED
    request = kind == "resize"
    progress = Progress(
        merge_request=12 if request else None,
        url=f"{GITLAB}acme/infra/-/merge_requests/12" if request else None,
        waiting_for=None if ended else Message.of("waiting.plan"),
        drafted=Drafted(edits=(), base="0", diff=DIFF, before="t3.medium")
        if request
        else None,
    )
    given = {
        "id": ID,
        "client": "acme",
        "command": kind,
        "arguments": {},
        "line": f"{kind} web-2 m5.large",
        "target": "web-2" if request else "db-prod",
        "environment": Environment.PRODUCTION,
        "requester": "alice",
        "place": Place(team=TEAM, channel="C0ACMEOPS"),
        "change": merge_request() if request else direct_action(),
        "risk": Risk.MEDIUM,
        "state": state,
        "asked_at": NOW - timedelta(minutes=3),
        "expires_at": NOW + timedelta(hours=4),
        "route": Route(
            needs=(Need(role="provider.oncall"),),
            expires=timedelta(hours=4),
            remind_before=timedelta(minutes=30),
        ),
        "proposal": None if early else seen,
        "digest": None if early else digest(seen.bound),
        "progress": progress,
        "outcome": Message.of("ended.expired-proposed") if ended else None,
        **more,
    }
    return Operation(**given)


def decision_of(operation, *, verdict=Verdict.APPROVE, member="bob", reason=""):
    return Decision(
        operation=operation.id,
        member=member,
        organisation="claranet",
        verdict=verdict,
        digest=operation.digest or "",
        reason=reason,
        at=NOW,
        source="slack",
    )


def view_of(operation, *, decisions=(), able=("bob", "dave"), people=None):
    waits = operation.state is State.PROPOSED
    return CardView(
        operation=operation,
        decisions=tuple(decisions),
        missing=operation.route.needs if operation.route and waits else (),
        able=tuple(able),
        people=PEOPLE if people is None else people,
        client_name="Acme",
        language="en",
    )


def record_of(event, *, seq=1, actor="tandem", body="{}"):
    return Record(
        client="acme",
        seq=seq,
        at=NOW,
        event=EventName(event),
        actor=actor,
        source="worker",
        operation=ID,
        body=body,
        content="0" * 64,
        previous="0" * 64,
        hash="0" * 64,
    )
