"""`/infra backup`: a snapshot, taken now, by a guarded direct action."""

from typing import Annotated

from bot import sdk
from playbooks.aws.ebs_snapshot import EbsSnapshot
from playbooks.aws.rds_snapshot import RdsSnapshot


class Backup(sdk.Command, name="backup", risk=sdk.Risk.LOW):
    """
    Take a snapshot of a database or of a volume.

    Nothing of it changes; it stays available. The snapshot is kept until somebody
    deletes it, and this operation's id is on it. A volume's snapshot is what a sudden
    loss of power would leave: what a program had not written yet is not in it.
    """

    target: Annotated[
        str,
        sdk.target(
            ("database", "volume"),
            "the database or volume to back up",
            example="db-prod",
        ),
    ]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        title = sdk.text(
            en="Back up { $target }",
            fr="Sauvegarder { $target }",
            args={"target": target.name},
        )
        if target.kind == "volume":
            volume = sdk.as_kind(target, sdk.Volume)
            return EbsSnapshot(
                region=client.aws.region,
                account=client.aws.account,
                client=client.id,
                volume_id=volume.aws.volume_id,
                name_tag=volume.aws.name_tag,
            ).planned(title)
        database = sdk.as_kind(target, sdk.Database)
        return RdsSnapshot(
            database=database.aws.db_identifier,
            region=client.aws.region,
            account=client.aws.account,
        ).planned(title)
