"""Values of the core that tests begin from, each whole and each changeable by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.catalog import Person, SlackIdentity
from bot.domain.change import DirectAction, Effect, MergeRequest, SetAttribute
from bot.domain.decision import Decision, Verdict
from bot.domain.message import Message
from bot.domain.operation import Operation, Place
from bot.domain.proposal import Bound, BoundEdit, Proposal, digest
from bot.domain.route import Need, Route
from bot.domain.scope import AwsScope, Environment, Risk, Statement

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ID = "abcdefghijklmnopqrst"
ON_CALL = Route(
    needs=(Need(role="provider.oncall"),),
    expires=timedelta(hours=4),
    remind_before=timedelta(minutes=30),
)


def scope(**changes):
    return AwsScope(
        name=changes.get("name", "rds-backup"),
        statements=(
            Statement(
                actions=("rds:CreateDBSnapshot",),
                resources=(
                    changes.get(
                        "resource", "arn:aws:rds:eu-west-3:123456789012:db:acme-db-prod"
                    ),
                ),
            ),
        ),
    )


def bound(**changes):
    return Bound(
        **{
            "client": "acme",
            "command": "resize",
            "arguments": {"instance": "web-2", "type": "m5.large"},
            "target": "web-2",
            "edits": (BoundEdit(file="main.tf", before="a" * 64, after="b" * 64),),
            "project": "acme/infra",
            "target_branch": "main",
            "base": "c" * 64,
            "head_sha": "d" * 40,
            "plan": "e" * 64,
            "pipeline": "7",
            "playbook": "f" * 64,
            "live_state": "0" * 64,
            "scope": scope(),
            "credentials": "act-acme-rds-backup",
            "policy": "spine-1",
            "catalog": "1" * 64,
            "expires_at": NOW + timedelta(hours=4),
        }
        | changes
    )


def proposal(of=None, **changes):
    return Proposal(bound=of or bound(), risk=Risk.MEDIUM, **changes)


def asked(**changes):
    return Operation(
        **{
            "id": ID,
            "client": "acme",
            "command": "resize",
            "arguments": {"instance": "web-2", "type": "m5.large"},
            "line": "resize web-2 m5.large",
            "target": "web-2",
            "environment": Environment.PRODUCTION,
            "requester": "alice",
            "place": Place(team="T0CLARANET", channel="C0ACMEOPS"),
            "change": MergeRequest(
                title=Message.own(en="Resize", args={}),
                edits=(
                    SetAttribute(
                        directory="environments/production",
                        address="aws_instance.web_2",
                        attribute="instance_type",
                        value="m5.large",
                    ),
                ),
                effect=Effect(observation="aws.x", inputs={}, expected={}),
            ),
            "risk": Risk.MEDIUM,
            "asked_at": NOW,
            "expires_at": NOW + timedelta(hours=4),
        }
        | changes
    )


def direct(**changes):
    change = DirectAction(
        title=Message.own(en="Back up", args={}), playbook="aws.rds", inputs={}
    )
    return asked(command="backup", change=change, **changes)


def proposed(of=None, **changes):
    made = proposal(of, **changes)
    return asked().proposed(made, digest=digest(made.bound), route=ON_CALL)


def person(name="bob", organisation="claranet", roles=("engineer",)):
    return Person(
        id=name,
        name=name.capitalize(),
        organisation=organisation,
        roles=roles,
        slack=(SlackIdentity(team="T0CLARANET", user=f"U0{name.upper()}"),),
    )


def decision(operation, member="bob", verdict=Verdict.APPROVE, **changes):
    return Decision(
        **{
            "operation": operation.id,
            "member": member,
            "organisation": "claranet",
            "verdict": verdict,
            "digest": operation.digest or "",
            "at": NOW,
            "source": "slack",
        }
        | changes
    )
