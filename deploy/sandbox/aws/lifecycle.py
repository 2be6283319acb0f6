"""
States that moto skips and operations depend on.

A database has a resource id of its own. A running instance cannot change its type, and
a type must exist; starting a machine renews its launch time. A snapshot takes time: it
is `creating` with a percentage and then `available`, and its database is `backing-up`
meanwhile and takes no second one.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from typing import TYPE_CHECKING, Final

from deploy.sandbox.aws import moto_backends as moto
from deploy.sandbox.aws.answer import Rejected

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from deploy.sandbox.aws.answer import Answer
    from deploy.sandbox.aws.call import Call

Growing = dict[tuple[str, str], "datetime"]
_BIRTHS: Final = frozenset(
    {"rds:CreateDBInstance", "rds:RestoreDBInstanceFromDBSnapshot"}
)
_WHOLE: Final = 100
_READY: Final = b"<Status>available</Status>"
_BEGUN: Final = b"<Status>creating</Status><PercentProgress>0</PercentProgress>"


def check(call: Call) -> None:
    """Refuse a call that AWS would refuse in the present state and moto would not."""
    if call.action == "ec2:ModifyInstanceAttribute":
        _check_new_type(call)
    if call.action == "ec2:RunInstances":
        _check_type(call.first("InstanceType"), "InvalidParameterValue")
    if call.action == "rds:CreateDBSnapshot":
        _check_database(call)


def begins(call: Call, *, now: datetime) -> None:
    """Give what the call is about to start the moment at which it was started."""
    if call.action == "ec2:StartInstances":
        for name in call.members("InstanceId"):
            held = moto.instance(call.region, name)
            if held is not None and held.state == "stopped":
                held.launch_time = now


def begun(call: Call, answer: Answer, growing: Growing, *, now: datetime) -> Answer:
    """Give what a performed call started its time, and return what AWS then answers."""
    if call.action in _BIRTHS:
        return _with_own_id(call, answer)
    if call.action != "rds:CreateDBSnapshot":
        return answer
    growing[call.region, call.first("DBSnapshotIdentifier").lower()] = now
    # moto has put its own idea into words already: ready at once.
    body = answer.body.replace(_READY, _BEGUN)
    return dataclasses.replace(answer, body=body)


def advance(growing: Growing, *, now: datetime, takes: timedelta) -> None:
    """Bring every snapshot under way to where it is now."""
    for (region, name), began in list(growing.items()):
        snapshot = moto.snapshots(region).get(name)
        if snapshot is None:
            del growing[region, name]
            continue
        done = (now - began) / takes if takes else 1.0
        ready = done >= 1
        snapshot.status = "available" if ready else "creating"
        snapshot.percent_progress = _WHOLE if ready else int(done * _WHOLE)
        database = moto.databases(region).get(snapshot.db_instance_identifier)
        if database is not None:
            database.status = "available" if ready else "backing-up"
        if ready:
            del growing[region, name]


def _with_own_id(call: Call, answer: Answer) -> Answer:
    """Give a new database the id that it shares with no other, as moto's all do."""
    name = call.first("DBInstanceIdentifier").lower()
    database = moto.databases(call.region)[name]
    shared = database.dbi_resource_id
    database.dbi_resource_id = "db-" + secrets.token_hex(13).upper()
    for snapshot in moto.snapshots(call.region).values():
        # moto takes a first automatic one in the same breath.
        if snapshot.dbi_resource_id == shared and snapshot.database.arn == database.arn:
            snapshot.dbi_resource_id = database.dbi_resource_id
    body = answer.body.replace(shared.encode(), database.dbi_resource_id.encode())
    return dataclasses.replace(answer, body=body)


def _check_new_type(call: Call) -> None:
    """Refuse a type for an instance that runs, and a type that is none."""
    wanted = call.first("InstanceType.Value")
    if call.first("Attribute") == "instanceType":
        wanted = call.first("Value")
    if not wanted:
        return
    _check_type(wanted, "InvalidInstanceAttributeValue")
    name = call.first("InstanceId")
    held = moto.instance(call.region, name)
    if held is not None and held.state != "stopped":
        raise Rejected(
            "IncorrectInstanceState",
            f"The instance '{name}' is not in the 'stopped' state.",
        )


def _check_type(wanted: str, code: str) -> None:
    """Refuse an instance type that does not exist, with that code."""
    if wanted and not moto.is_instance_type(wanted):
        shown = re.sub(r"[^A-Za-z0-9._-]", "?", wanted[:60])
        raise Rejected(code, f"Invalid value '{shown}' for InstanceType.")


def _check_database(call: Call) -> None:
    """Refuse a snapshot of a database that is busy or stopped."""
    name = call.first("DBInstanceIdentifier").lower()
    if call.first("DBSnapshotIdentifier").lower() in moto.snapshots(call.region):
        # AWS looks at the name first, and moto says the right thing about it.
        return
    database = moto.databases(call.region).get(name)
    if database is not None and database.status != "available":
        raise Rejected(
            "InvalidDBInstanceState",
            "Cannot create a snapshot because the database instance"
            f" {name} is not currently in the available state.",
        )
