"""
What an operation can be: a merge request, ours or the client's, a direct action, or a
move on the trust ladder.

A change says *what* in terms of the client's own things; it holds no file content and
no live state. Those are gathered when the operation is prepared (`proposal.Bound`),
because they are what the approval binds to.
"""

from __future__ import annotations

import posixpath
from typing import Annotated, Literal

from pydantic import Field

from bot.domain.frozen import Frozen
from bot.domain.ladder import TrustLevel
from bot.domain.message import Message

Scalar = str | int | bool


class SetAttribute(Frozen):
    """
    Give one attribute of one Terraform resource a literal value.

    With `only_grows` a value that is not more than the former one, or than what the
    world has by now, is refused before anybody is asked.
    """

    kind: Literal["terraform.set"] = "terraform.set"
    directory: str
    address: str
    attribute: str
    value: Scalar
    only_grows: bool = False


class NameOf(Frozen):
    """A reference to what is in the module: `aws_security_group.web.id` say."""

    ref: str


Written = Scalar | NameOf | tuple[str, ...]


class _Resource(Frozen):
    """
    One whole resource of Terraform, and what of the target it is about.

    It stands in the file of the block `beside`, an address that may be of data.
    """

    directory: str
    address: str
    beside: str
    attribute: str
    arguments: tuple[tuple[str, Written], ...]

    def argument(self, name: str) -> Written | None:
        """Return what one of its arguments is to be, if it is written."""
        return dict(self.arguments).get(name)


class PutResource(_Resource):
    """Write one resource that is not there yet, and have Terraform create it."""

    kind: Literal["terraform.put"] = "terraform.put"


class DropResource(_Resource):
    """Take one resource out that says exactly this, and have Terraform destroy it."""

    kind: Literal["terraform.drop"] = "terraform.drop"


TerraformEdit = Annotated[
    SetAttribute | PutResource | DropResource, Field(discriminator="kind")
]


class Effect(Frozen):
    """What must be true of the world afterwards, and the observation that reads it."""

    observation: str
    inputs: dict[str, Scalar]
    expected: dict[str, str]


class MergeRequest(Frozen):
    """A change that GitLab reviews, and that merging puts into effect."""

    kind: Literal["merge_request"] = "merge_request"
    title: Message
    # One for now: the plan is guarded against one intended change.
    edits: Annotated[tuple[TerraformEdit, ...], Field(min_length=1, max_length=1)]
    effect: Effect


class SetValue(Frozen):
    """
    Give one value of one file, at a path of keys into it, a literal value.

    A file in HCL is one of variables, whose first key is the variable's name; it has a
    plan. Others (Ansible's variables, Chef's attributes) are only text to a pipeline.
    """

    kind: Literal["value.set"] = "value.set"
    file: str
    format: Literal["hcl", "yaml", "json"]
    path: Annotated[tuple[str | int, ...], Field(min_length=1)]
    value: str | int | float | bool

    @property
    def directory(self) -> str:
        """The folder that the file is in; the top of the project is `.`."""
        return posixpath.dirname(self.file) or "."

    @property
    def planned(self) -> bool:
        """Whether Terraform says what the change would do."""
        return self.format == "hcl"


class ValueChange(Frozen):
    """A change of one configuration value, which GitLab reviews and git verifies."""

    kind: Literal["value_change"] = "value_change"
    title: Message
    edit: SetValue


class ClientRequest(Frozen):
    """A merge request that the client opened itself, at exactly this commit."""

    kind: Literal["client_request"] = "client_request"
    title: Message
    iid: int
    head_sha: str


class DirectAction(Frozen):
    """A change that a playbook makes, with no repository between."""

    kind: Literal["direct_action"] = "direct_action"
    title: Message
    playbook: str
    inputs: dict[str, Scalar]


class TrustMove(Frozen):
    """Another level of trust in one environment: the agreement itself changes."""

    kind: Literal["trust_move"] = "trust_move"
    title: Message
    before: TrustLevel
    after: TrustLevel
    reason: str


Change = Annotated[
    MergeRequest | ValueChange | ClientRequest | DirectAction | TrustMove,
    Field(discriminator="kind"),
]


def is_merged(
    change: MergeRequest | ValueChange | ClientRequest | DirectAction | TrustMove,
) -> bool:
    """Say whether merging a merge request is what carries it out."""
    return isinstance(change, MergeRequest | ValueChange | ClientRequest)
