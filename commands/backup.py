"""`/infra backup`: a snapshot of a database, taken now, by a guarded direct action."""

from typing import Annotated

from bot import sdk
from playbooks.aws.rds_snapshot import RdsSnapshot


class Backup(sdk.Command, name="backup", risk=sdk.Risk.LOW):
    """
    Take a snapshot of a database.

    Nothing of the database changes; it stays available. The snapshot is kept until
    somebody deletes it, and this operation's id is in its name.
    """

    database: Annotated[
        str, sdk.target("database", "the database to back up", example="db-prod")
    ]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        database = sdk.as_kind(target, sdk.Database)
        snapshot = RdsSnapshot(
            database=database.aws.db_identifier,
            region=client.aws.region,
            account=client.aws.account,
        )
        return snapshot.planned(
            sdk.text(
                en="Back up { $database }",
                fr="Sauvegarder { $database }",
                args={"database": target.name},
            )
        )
