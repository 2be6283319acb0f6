"""
What else a host is there for: shares that it exports, databases, Chef.

Everything that a playbook would otherwise have to be told by a person, such as a path,
is written down here by the operator.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.domain.frozen import Frozen

# Absolute, of plain parts: no `..`, no flag, nothing that a shell or YAML would read.
HostPath = Annotated[
    str,
    StringConstraints(
        pattern=r"^(/[A-Za-z0-9_][A-Za-z0-9._-]*){1,12}$", max_length=200
    ),
]
ShareName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
DatabaseName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}$")]


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

    name: Annotated[DatabaseName, Field(description="Its name; people type it.")]
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
