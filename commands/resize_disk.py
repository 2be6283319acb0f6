"""`/infra resize-disk`: a disk's size is a value in Terraform, and it only grows."""

from typing import Annotated

from bot import sdk
from playbooks.aws.ebs_volume import EbsVolume
from playbooks.aws.prices import AS_OF, Difference, monthly_disk
from playbooks.aws.rds_instance import RdsInstance


class ResizeDisk(sdk.Command, name="resize-disk", risk=sdk.Risk.MEDIUM):
    """
    Make a disk larger: a volume's, or a database's.

    Opens a merge request that changes one value in your Terraform and shows the plan.
    Disks only grow: the same or less is refused before anybody is asked. Nothing is
    stopped for it; on a volume the file system has to be grown afterwards.
    """

    volume: Annotated[
        str,
        sdk.target(
            ("volume", "database"),
            "the volume or database whose disk to make larger",
            example="uploads",
        ),
    ]
    size: Annotated[
        int, sdk.arg("the size it should have, in GiB", example="60", least=1)
    ]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.MergeRequest:
        place = sdk.in_terraform(target)
        attribute, effect = _disk(target, client, size=self.size)
        return sdk.MergeRequest(
            title=sdk.text(
                en="Make the disk { $disk } { $size } GiB",
                fr="Porter le disque { $disk } à { $size } Gio",
                args={"disk": target.name, "size": str(self.size)},
            ),
            edits=(
                sdk.SetAttribute(
                    directory=place.directory,
                    address=place.address,
                    attribute=attribute,
                    value=self.size,
                    only_grows=True,
                ),
            ),
            effect=effect,
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack | sdk.Message:
        return sdk.text(
            en="There is no way back: AWS makes no disk smaller ({ $former } GiB now). "
            "Somebody would have to copy what is on it to a new, smaller one.",
            fr="Pas de retour : AWS ne réduit aucun disque ({ $former } Gio "
            "aujourd'hui). Il faudrait en copier le contenu sur un plus petit.",
            args={"former": str(before.value or "?")},
        )

    def cost(self, before: sdk.Before, client: sdk.Client) -> sdk.Cost | None:
        found = self._difference(before, client)
        return found.cost if found else None

    def _difference(self, before: sdk.Before, client: sdk.Client) -> Difference | None:
        former = str(before.value or "")
        if not former.isdecimal():
            return None
        return monthly_disk(
            region=client.aws.region,
            type_=before.state.value("type") or "",
            before=int(former),
            after=self.size,
        )

    def notes(self, before: sdk.Before, client: sdk.Client) -> tuple[sdk.Message, ...]:
        target = client.target(self.volume)
        own = _of_database() if isinstance(target, sdk.Database) else _of_volume()
        return (own, self._price(before, client))

    def _price(self, before: sdk.Before, client: sdk.Client) -> sdk.Message:
        found = self._difference(before, client)
        if found is None:
            return sdk.text(
                en="Price a month: unknown; the list of { $of } does not have this "
                "disk's type in this region.",
                fr="Prix par mois : inconnu ; la liste du { $of } n'a pas ce type de "
                "disque pour cette région.",
                args={"of": AS_OF},
            )
        return sdk.text(
            en="Price a month: { $difference } USD ({ $before } to { $after }; "
            "{ $kind }, { $region }, list of { $of })",
            fr="Prix par mois : { $difference } USD ({ $before } à { $after } ; "
            "{ $kind }, { $region }, liste du { $of })",
            args={
                "difference": found.cost.told,
                "before": str(found.before),
                "after": str(found.after),
                "kind": before.state.value("type") or "-",
                "region": client.aws.region,
                "of": AS_OF,
            },
        )


def _disk(
    target: sdk.Target, client: sdk.Client, *, size: int
) -> tuple[str, sdk.Effect]:
    """Return the attribute that the size stands in, and what is to be read back."""
    if isinstance(target, sdk.Database):
        database = RdsInstance(
            database=target.aws.db_identifier,
            region=client.aws.region,
            account=client.aws.account,
        )
        return "allocated_storage", database.expecting({"allocated_storage": str(size)})
    volume = sdk.as_kind(target, sdk.Volume)
    disk = EbsVolume(
        region=client.aws.region,
        volume_id=volume.aws.volume_id,
        name_tag=volume.aws.name_tag,
        client_tag=client.id,
    )
    attribute = "size" if volume.block is None else f"{volume.block}.volume_size"
    return attribute, disk.expecting({"size": str(size)})


def _of_volume() -> sdk.Message:
    # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modify-volume.html
    # https://docs.aws.amazon.com/ebs/latest/userguide/recognize-expanded-volume-linux.html
    return sdk.text(
        en="Nothing is stopped. The partition and the file system stay as they are: "
        "grow them afterwards on the machine (growpart, then resize2fs or xfs_growfs). "
        "AWS takes the next change of this disk after six hours (EBS User Guide).",
        fr="Rien n'est arrêté. La partition et le système de fichiers restent tels "
        "quels : agrandissez-les ensuite sur la machine (growpart, puis resize2fs ou "
        "xfs_growfs). AWS n'accepte le changement suivant qu'après six heures.",
        args={},
    )


def _of_database() -> sdk.Message:
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html
    return sdk.text(
        en="Nothing is stopped, and RDS grows the file system itself. Without "
        "apply_immediately in the code it waits for the maintenance window. AWS takes "
        "the next change of this disk after six hours (RDS User Guide).",
        fr="Rien n'est arrêté, et RDS agrandit lui-même le système de fichiers. Sans "
        "apply_immediately dans le code, cela attend la fenêtre de maintenance. AWS "
        "n'accepte le changement suivant qu'après six heures.",
        args={},
    )
