"""`/infra dump`: a copy of a database that runs on a host."""

from typing import Annotated

from bot import sdk
from playbooks.ansible.database_dump import DatabaseDump


class Dump(sdk.Command, name="dump", risk=sdk.Risk.LOW):
    """
    Copy a MySQL or PostgreSQL database that runs on a host.

    The copy is made by mysqldump or pg_dump on the host itself, in the folder that the
    catalog names, and stays there. Its name has the operation's id; nothing is written
    over. Its size and checksum are read back. For a database of AWS, ask for a backup.
    """

    database: Annotated[
        sdk.HostDatabaseName, sdk.arg("a database the catalog lists", example="shop")
    ]
    host: Annotated[
        str, sdk.target("host", "the host it runs on", example="data-host", after="on")
    ]

    def change(
        self,
        target: sdk.Target,
        client: sdk.Client,  # noqa: ARG002 - the host says it all
    ) -> sdk.DirectAction:
        host = sdk.as_kind(target, sdk.Host)
        declared = host.database(self.database)
        if declared is None:
            known = ", ".join(one.name for one in host.databases) or "-"
            raise sdk.Refused(
                sdk.text(
                    en="{ $database } is not one of the databases of { $host }. These "
                    "are: { $known }.",
                    fr="{ $database } ne fait pas partie des bases de { $host }. En "
                    "sont : { $known }.",
                    args={"database": self.database, "host": host.name, "known": known},
                )
            )
        return DatabaseDump.on(
            host,
            database=declared.name,
            engine=declared.engine,
            access=declared.access,
            folder=declared.folder,
        ).planned(
            sdk.text(
                en="Copy the database { $database } on { $host }",
                fr="Copier la base { $database } sur { $host }",
                args={"database": self.database, "host": host.name},
            )
        )
