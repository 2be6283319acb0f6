"""`/infra mysql`: a new database on a MariaDB server, by a direct action."""

from typing import Annotated, Literal

from bot import sdk
from playbooks.databases.new_database import MakeDatabase


class Mysql(sdk.Command, name="mysql", risk=sdk.Risk.MEDIUM):
    """
    Make a database and its user on a MariaDB server.

    The user may do everything within that database and nothing beside it. Its password
    is sent to you alone, by direct message, wrapped so that it can be opened once. The
    user is named like the database, unless you say otherwise.
    """

    action: Annotated[Literal["create"], sdk.arg("create", example="create")]
    database: Annotated[
        sdk.DatabaseName,
        sdk.arg("its name: letters, digits and _, at most 32", example="orders"),
    ]
    server: Annotated[
        str,
        sdk.target(
            "server", "the server it is made on", example="my-staging", after="on"
        ),
    ]
    user: Annotated[
        sdk.DatabaseName | Literal[""],
        sdk.arg("its user's name, if not the same", example="orders_app"),
    ] = ""

    def change(
        self,
        target: sdk.Target,
        client: sdk.Client,  # noqa: ARG002 - the server says it all
    ) -> sdk.DirectAction:
        return MakeDatabase.on(
            sdk.as_kind(target, sdk.Server),
            engine="mariadb",
            database=self.database,
            user=self.user or self.database,
        )
