"""Every kind of resource that the stand-in knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform import instance, rule, volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.sandbox.terraform.kind import Kind

KINDS: Final[Mapping[str, Kind]] = {
    "aws_instance": instance.KIND,
    "aws_ebs_volume": volume.KIND,
    "aws_security_group_rule": rule.KIND,
}
# What data blocks may look for.
LOOKS: Final = frozenset({"aws_security_group"})
