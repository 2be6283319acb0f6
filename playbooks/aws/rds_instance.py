"""What an RDS database is right now: its class, its size, its engine, its status."""

from __future__ import annotations

from bot.sdk import (
    AwsAccount,
    AwsRefusal,
    AwsRegion,
    AwsScope,
    Client,
    Database,
    DatabaseId,
    LiveState,
    Observation,
    Run,
    Statement,
    Target,
    aws_arn,
)

# As Terraform's aws_db_instance names it, and where RDS says it.
_READ = (
    ("instance_class", "DBInstanceClass"),
    ("allocated_storage", "AllocatedStorage"),
    ("engine", "Engine"),
    ("engine_version", "EngineVersion"),
    ("status", "DBInstanceStatus"),
)


class RdsInstance(Observation, name="aws.rds_instance"):
    """The state of one RDS database."""

    database: DatabaseId
    region: AwsRegion
    account: AwsAccount

    @classmethod
    def of(cls, target: Target, client: Client) -> RdsInstance | None:
        if not isinstance(target, Database):
            return None
        return cls(
            database=target.aws.db_identifier,
            region=client.aws.region,
            account=client.aws.account,
        )

    def scope(self) -> AwsScope:
        database = aws_arn(
            "rds",
            region=self.region,
            account=self.account,
            resource=f"db:{self.database}",
        )
        reading = Statement(actions=("rds:DescribeDBInstances",), resources=(database,))
        return AwsScope(name="rds-instance-read", statements=(reading,))

    async def read(self, run: Run) -> LiveState:
        """Return what it is; the status of no database is `missing`."""
        wanted = {"DBInstanceIdentifier": self.database}
        try:
            answer = await run.aws.call("rds", "DescribeDBInstances", wanted)
        except AwsRefusal as refusal:
            if not refusal.code.startswith("DBInstanceNotFound"):
                raise
            return LiveState(items=(("status", "missing"),))
        (found,) = answer["DBInstances"]
        return LiveState(
            items=tuple((name, str(found[key])) for name, key in _READ if key in found)
        )
