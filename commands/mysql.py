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
        sdk.arg("its name: letters, digits and _, at most 32", example="shop"),
    ]
    server: Annotated[
        str,
        sdk.target(
            "server", "the server it is made on", example="my-staging", after="on"
        ),
    ]
    user: Annotated[
        sdk.DatabaseName | Literal[""],
        sdk.arg("its user's name, if not the same", example="shop_app"),
    ] = ""

    def change(
        self,
        target: sdk.Target,
        client: sdk.Client,  # noqa: ARG002 - the server says it all
    ) -> sdk.DirectAction:
        server = sdk.as_kind(target, sdk.Server)
        if server.engine != "mariadb":
            raise sdk.Refused(
                sdk.text(
                    en="{ $server } runs { $engine }, not MariaDB.",
                    fr="{ $server } fait tourner { $engine }, pas MariaDB.",
                    args={"server": server.name, "engine": server.engine},
                )
            )
        return MakeDatabase(
            server=server.name,
            engine=server.engine,
            address=server.address,
            port=server.port,
            unsafe_no_tls=server.unsafe_no_tls,
            host=server.users_from,
            database=self.database,
            user=self.user or self.database,
        ).planned(
            sdk.text(
                en="Create the database { $database } on { $server }",
                fr="Créer la base { $database } sur { $server }",
                args={"database": self.database, "server": server.name},
            )
        )
