"""
What else a host is there for: deployments, shares that it exports, databases, Chef.

Everything that a playbook would otherwise have to be told by a person, such as a path,
is written down here by the operator.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.domain.catalog.deployment import Deployment
from bot.domain.catalog.host import HostPath
from bot.domain.frozen import Frozen

ShareName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
HostDatabaseName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}$")]


class NfsServer(Frozen):
    """That the host exports folders by NFS."""

    root: Annotated[
        HostPath, Field(description="The folder in which each share gets its own.")
    ]
    exports: Annotated[
        HostPath, Field(description="Where exportfs reads one file for each share.")
    ] = "/etc/exports.d"


class HostDatabase(Frozen):
    """A database that runs on the host, and how a copy of it is made there."""

    name: Annotated[HostDatabaseName, Field(description="Its name; people type it.")]
    engine: Annotated[
        Literal["mysql", "postgresql"],
        Field(description="mysql for MySQL and MariaDB, or postgresql."),
    ]
    access: Annotated[
        HostPath,
        Field(
            description="The file on the host that says how to log in: an option file "
            "of MySQL's, or a service file of PostgreSQL's with a service of its name."
        ),
    ]
    folder: Annotated[
        HostPath, Field(description="The folder on the host where copies are kept.")
    ]


class Chef(Frozen):
    """That the host is kept by Chef."""

    client: Annotated[
        HostPath, Field(description="The program that converges it, on the host.")
    ] = "/usr/bin/chef-client"


class HostWork(Frozen):
    """What a host is there for; each is nothing, unless the catalog says so."""

    deployments: Annotated[
        tuple[Deployment, ...],
        Field(description="The client's own playbooks that may be run on it."),
    ] = ()

    nfs: Annotated[
        NfsServer | None, Field(description="How it exports folders by NFS, if so.")
    ] = None
    databases: Annotated[
        tuple[HostDatabase, ...],
        Field(description="Databases that run on it and may be copied there."),
    ] = ()
    chef: Annotated[
        Chef | None, Field(description="How Chef converges it, if it does.")
    ] = None

    def database(self, name: str) -> HostDatabase | None:
        """Return the database of exactly this name, if it runs on the host."""
        return next((one for one in self.databases if one.name == name), None)

    def deployment(self, name: str) -> Deployment | None:
        """Return the deployment of exactly this name, if the host has it."""
        return next((one for one in self.deployments if one.name == name), None)
