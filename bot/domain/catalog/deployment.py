"""
A deployment: a client's own playbook that may be run on a host, as the catalog says.

The playbook stands in the client's project; which commit of it runs is what people ask
for and decide on. What it may not do on the worker is in `bot/outbound/ansible`.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.catalog.names import Directory
from bot.domain.frozen import Frozen

DeploymentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
# Ansible's own variables, and ours.
_TAKEN = ("ansible", "inventory_", "deploy_")
# Of git: a tag, a branch or an id; no `..`, nothing that begins with a dash or a dot.
Version = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_]+([./+-][A-Za-z0-9_]+)*$", max_length=100),
]
EntryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}\.ya?ml$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
VariableText = Annotated[str, StringConstraints(pattern=r"^[^\p{C}]*$", max_length=200)]
HealthUrl = Annotated[
    str,
    StringConstraints(
        pattern=r"^https?://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,200})?$"
    ),
]


class Deployment(Frozen):
    """One playbook of the client's project that may be run on this host."""

    name: Annotated[DeploymentName, Field(description="The name that people type.")]
    folder: Annotated[
        Directory, Field(description="Its folder in the client's GitLab project.")
    ]
    entry: Annotated[
        EntryName, Field(description="The file in that folder that holds the plays.")
    ] = "site.yml"
    variables: Annotated[
        dict[VariableName, VariableText],
        Field(description="Variables that it is given, each as text."),
    ] = {}  # noqa: RUF012 - pydantic copies it
    checks: Annotated[
        bool, Field(description="Whether it can be tried with Ansible's --check.")
    ] = True
    health: Annotated[
        HealthUrl | None,
        Field(description="What must answer 200 on the host afterwards, if given."),
    ] = None

    @model_validator(mode="after")
    def _own_names(self) -> Self:
        taken = [name for name in self.variables if name.startswith(_TAKEN)]
        if taken:
            raise PydanticCustomError(
                "catalog.taken-variable", "wanted another name", {"got": taken[0]}
            )
        return self

    @model_validator(mode="after")
    def _verifiable(self) -> Self:
        if not self.checks and self.health is None:
            raise PydanticCustomError(
                "catalog.unverifiable-deployment",
                "wanted health, because without checks nothing tells how it ended",
            )
        return self
