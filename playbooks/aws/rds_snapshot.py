"""A snapshot of one RDS database: seen, taken once, waited for, read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from bot.sdk import (
    AwsAccount,
    AwsRefusal,
    AwsRegion,
    AwsScope,
    DatabaseId,
    Happened,
    Line,
    LiveState,
    Message,
    NotVerified,
    OutcomeUnknown,
    Playbook,
    Preview,
    Refused,
    Run,
    Statement,
    Unavailable,
    Verified,
    aws_arn,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_UNDER_WAY: Final = frozenset({"creating", "pending"})
# Large databases take hours, but the credentials end long before; whoever comes later
# with fresh ones finds the same snapshot by its name.
_LONGEST: Final = timedelta(minutes=50)
_STEPS: Final = (0.5, 1, 2, 4, 8, 15)
_MISSES: Final = 5
_PAGES: Final = 20


class RdsSnapshot(Playbook, name="aws.rds_snapshot"):
    """Take a snapshot whose name derives from the operation, so it is taken once."""

    # The name makes a second run find the first one's snapshot.
    repeatable: ClassVar[bool] = True

    database: DatabaseId
    region: AwsRegion
    account: AwsAccount

    def snapshot(self, operation: str) -> str:
        """Return the snapshot's name: an RDS identifier of at most 255 characters."""
        return f"tandem-{self.database}-{operation}"

    def preview_scope(self) -> AwsScope:
        return AwsScope(name="rds-snapshot-read", statements=tuple(self._reading()))

    def scope(self, operation: str) -> AwsScope:
        database = self._arn("db", self.database)
        snapshot = self._arn("snapshot", self.snapshot(operation))
        return AwsScope(
            name="rds-snapshot",
            statements=(
                *self._reading(),
                Statement(
                    actions=("rds:CreateDBSnapshot",), resources=(database, snapshot)
                ),
                # AWS asks for this right when a snapshot is born with tags.
                Statement(actions=("rds:AddTagsToResource",), resources=(snapshot,)),
            ),
        )

    async def preview(self, run: Run) -> Preview:
        found = await self._database(run)
        status = str(found["DBInstanceStatus"])
        last = await self._last(run)
        snapshot = self.snapshot(run.operation)
        busy = Message.of(
            "playbook.rds-snapshot.busy",
            {"database": self.database, "status": status},
        )
        return Preview(
            facts=(
                _line("engine", f"{found['Engine']} {found['EngineVersion']}"),
                _line("class", str(found["DBInstanceClass"])),
                _line("size", f"{found['AllocatedStorage']} GiB"),
                _line("status", status),
                _line("last", "-" if last is None else _told(last, run.now())),
            ),
            calls=(f"rds:CreateDBSnapshot {self.database} → {snapshot}",),
            state=_state(found),
            warnings=() if status == "available" else (busy,),
        )

    async def run(self, run: Run) -> None:
        if await self._snapshot(run) is None:
            await self._create(run)
        await self._settled(run)

    async def verify(self, run: Run) -> Verified | NotVerified:
        taken = await self._snapshot(run)
        if taken is None:
            return _not("missing", snapshot=self.snapshot(run.operation))
        status = str(taken.get("Status"))
        if status != "available":
            return _not("not-available", status=status)
        database = await self._database(run)
        if taken.get("DbiResourceId") != database.get("DbiResourceId"):
            return _not("other-database", database=str(taken["DBInstanceIdentifier"]))
        if int(taken["AllocatedStorage"]) > int(database["AllocatedStorage"]):
            return _not("other-size", size=int(taken["AllocatedStorage"]))
        return Verified(
            facts=(
                _line("snapshot", str(taken["DBSnapshotIdentifier"])),
                _line("size", f"{taken['AllocatedStorage']} GiB"),
                _line("taken", _moment(taken["SnapshotCreateTime"])),
            )
        )

    async def happened(self, run: Run) -> Happened:
        # A call that was sent may still be on its way: looking once is too few.
        for pause in (1, 2, 0):
            try:
                if await self._snapshot(run) is not None:
                    return Happened.YES
            except (AwsRefusal, Unavailable):
                return Happened.UNKNOWN
            await run.sleep(pause)
        return Happened.NO

    def undo(self) -> Message | None:
        return Message.of("playbook.rds-snapshot.undo")

    async def _create(self, run: Run) -> None:
        """Ask for the snapshot, if the database can give one now."""
        status = str((await self._database(run))["DBInstanceStatus"])
        if status != "available":
            raise self._busy(status)
        tags = {"tandem:operation": run.operation, "tandem:client": run.client}
        try:
            await run.aws.call(
                "rds",
                "CreateDBSnapshot",
                {
                    "DBInstanceIdentifier": self.database,
                    "DBSnapshotIdentifier": self.snapshot(run.operation),
                    "Tags": [{"Key": k, "Value": v} for k, v in tags.items()],
                },
            )
        except AwsRefusal as refusal:
            if refusal.code == "InvalidDBInstanceState":
                raise self._busy("not available") from refusal
            # The name is this operation's own: an earlier run was here already.
            if refusal.code != "DBSnapshotAlreadyExists":
                raise
        await run.progress(
            Message.of(
                "playbook.rds-snapshot.started",
                {"snapshot": self.snapshot(run.operation)},
            )
        )

    async def _settled(self, run: Run) -> None:
        """Wait until the snapshot is ready or has failed, telling how far it is."""
        until, shown, step, misses = run.now() + _LONGEST, -1, 0, 0
        while run.now() < until:
            try:
                taken = await self._snapshot(run)
                misses = 0
            except Unavailable as error:
                misses += 1
                if misses >= _MISSES:
                    raise OutcomeUnknown("AWS", "lost sight of the snapshot") from error
            else:
                status = str(taken["Status"]) if taken is not None else "creating"
                if status not in _UNDER_WAY:
                    return
                percent = int((taken or {}).get("PercentProgress", 0))
                if percent > shown:
                    shown = percent
                    await run.progress(
                        Message.of(
                            "playbook.rds-snapshot.progress", {"percent": percent}
                        )
                    )
            await run.sleep(_STEPS[min(step, len(_STEPS) - 1)])
            step += 1
        raise OutcomeUnknown("AWS", f"snapshot still not ready after {_LONGEST}")

    async def _database(self, run: Run) -> Mapping[str, Any]:
        """Return the database as it is now; refuses if there is none."""
        try:
            found = await run.aws.call(
                "rds",
                "DescribeDBInstances",
                {"DBInstanceIdentifier": self.database},
            )
        except AwsRefusal as refusal:
            if refusal.code not in {"DBInstanceNotFound", "DBInstanceNotFoundFault"}:
                raise
            raise Refused(
                Message.of(
                    "playbook.rds-snapshot.no-database", {"database": self.database}
                )
            ) from refusal
        database: Mapping[str, Any] = found["DBInstances"][0]
        return database

    async def _snapshot(self, run: Run) -> Mapping[str, Any] | None:
        """Return this operation's snapshot, or nothing if there is none."""
        wanted = {"DBSnapshotIdentifier": self.snapshot(run.operation)}
        try:
            found = await run.aws.call("rds", "DescribeDBSnapshots", wanted)
        except AwsRefusal as refusal:
            if refusal.code in {"DBSnapshotNotFound", "DBSnapshotNotFoundFault"}:
                return None
            raise
        taken: Mapping[str, Any] = found["DBSnapshots"][0]
        return taken

    async def _last(self, run: Run) -> Mapping[str, Any] | None:
        """Return the newest finished snapshot of the database, whoever took it."""
        finished: list[Mapping[str, Any]] = []
        wanted: dict[str, object] = {"DBInstanceIdentifier": self.database}
        for _ in range(_PAGES):
            found = await run.aws.call("rds", "DescribeDBSnapshots", wanted)
            finished += [s for s in found["DBSnapshots"] if s["Status"] == "available"]
            if not found.get("Marker"):
                break
            wanted["Marker"] = found["Marker"]
        return max(finished, key=lambda s: s["SnapshotCreateTime"], default=None)

    def _reading(self) -> Iterable[Statement]:
        """Return the rights to look; the role bounds the listing to the client."""
        database = self._arn("db", self.database)
        yield Statement(actions=("rds:DescribeDBInstances",), resources=(database,))
        # AWS checks a listing by database against snapshot:* as well, which no literal
        # resource covers.
        yield Statement(actions=("rds:DescribeDBSnapshots",), resources=("*",))

    def _arn(self, kind: str, name: str) -> str:
        """Return the ARN of a thing of RDS."""
        return aws_arn(
            "rds", region=self.region, account=self.account, resource=f"{kind}:{name}"
        )

    def _busy(self, status: str) -> Refused:
        """Return the refusal for a database that cannot give a snapshot now."""
        given: dict[str, str | int | Message] = {
            "database": self.database,
            "status": status,
        }
        return Refused(Message.of("playbook.rds-snapshot.busy", given))


def _state(database: Mapping[str, Any]) -> LiveState:
    """Return what makes it the same database: never what changes by itself."""
    names = ("DbiResourceId", "Engine", "EngineVersion", "AllocatedStorage")
    return LiveState(items=tuple((name, str(database.get(name))) for name in names))


def _line(name: str, value: str) -> Line:
    """Return one labelled fact."""
    return Line(label=Message.of(f"playbook.rds-snapshot.fact-{name}"), value=value)


def _not(reason: str, **about: str | int) -> NotVerified:
    """Return why the snapshot is not what was promised."""
    return NotVerified(
        reason=Message.of(f"playbook.rds-snapshot.{reason}", dict(about))
    )


def _told(snapshot: Mapping[str, Any], now: datetime) -> str:
    """Return a snapshot's name, time and age."""
    hours = int((now - snapshot["SnapshotCreateTime"]).total_seconds() // 3600)
    taken = _moment(snapshot["SnapshotCreateTime"])
    return f"{snapshot['DBSnapshotIdentifier']}, {taken} ({hours} h)"


def _moment(at: datetime) -> str:
    """Return a moment as people read it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
