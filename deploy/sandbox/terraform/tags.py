"""Tags between a plan's attributes and AWS's own shape of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deploy.sandbox.terraform.asking import asked

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client

    from deploy.sandbox.terraform.values import Value


def tags_of(attributes: Mapping[str, Value]) -> dict[str, str]:
    """Return the tags that are planned or were read."""
    tags = attributes.get("tags")
    return (
        {name: str(value) for name, value in tags.items()}
        if isinstance(tags, Mapping)
        else {}
    )


def name_of(attributes: Mapping[str, Value]) -> dict[str, str]:
    """Return the tags by which a thing of the samples is found again."""
    tags = tags_of(attributes)
    return {name: tags.get(name, "") for name in ("Client", "Name")}


def marked(tags: Mapping[str, str]) -> list[Any]:
    """Return the tags as AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def change_tags(
    ec2: EC2Client, before: Mapping[str, Value], after: Mapping[str, Value]
) -> None:
    """Make a thing's tags those that are planned."""
    things = [str(before["id"])]
    old, new = tags_of(before), tags_of(after)
    gone: list[Any] = [{"Key": key} for key in old if key not in new]
    if gone:
        asked("DeleteTags", lambda: ec2.delete_tags(Resources=things, Tags=gone))
    marks = marked({key: one for key, one in new.items() if old.get(key) != one})
    if marks:
        asked("CreateTags", lambda: ec2.create_tags(Resources=things, Tags=marks))
