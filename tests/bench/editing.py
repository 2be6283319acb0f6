"""
What an edit costs, and what it takes to read 5,000 files for what they hold.

Run as `python -m tests.bench editing`. Nothing is started: the files are made up, in
projects of the shape that people's have.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from bot.domain.discovery.code import resources
from bot.domain.json_text import edit as json_edit
from bot.domain.terraform.address import Address
from bot.domain.terraform.edit import set_attribute
from bot.domain.yaml_text import edit as yaml_edit

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = 5000
A_FOLDER = 5
EDITS = 200
_SERVERS = 4


def project(number: int) -> dict[str, bytes]:
    """Return one folder of Terraform: servers by for_each, disks, rules, variables."""
    servers = "".join(
        f'    "web-{one}" = {{ instance_type = "t3.medium" }} # rack {one}\n'
        for one in range(_SERVERS)
    )
    main = (
        f"locals {{\n  servers = {{\n{servers}  }}\n}}\n\n"
        'resource "aws_instance" "web" {\n  for_each      = local.servers\n'
        "  ami           = var.ami\n  instance_type = each.value.instance_type\n}\n"
    )
    disks = "\n".join(
        f'resource "aws_ebs_volume" "d{one}" {{\n  availability_zone = "eu-west-3a"\n'
        f"  size              = {20 + one} # GiB\n}}\n"
        for one in range(_SERVERS)
    )
    rules = "\n".join(
        f'resource "aws_security_group_rule" "r{one}" {{\n  type      = "ingress"\n'
        f'  from_port = {8000 + one}\n  to_port   = {8000 + one}\n  protocol  = "tcp"\n'
        '  cidr_blocks       = ["203.0.113.0/24"]\n  security_group_id = var.group\n}\n'
        for one in range(_SERVERS)
    )
    declared = 'variable "ami" {\n  type = string\n}\nvariable "group" {\n}\n'
    files = {
        "main.tf": main,
        "disks.tf": disks,
        "rules.tf": rules,
        "variables.tf": declared,
        "terraform.tfvars": f'ami   = "ami-{number}"\ngroup = "sg-{number}"\n',
    }
    folder = f"environments/p{number}"
    return {f"{folder}/{name}": text.encode() for name, text in files.items()}


def run() -> list[dict[str, object]]:
    """Measure, print and return the figures as rows."""
    tree = project(0)
    root = "environments/p0"
    keyed = "".join(f"key_{one}: value {one} # so\n" for one in range(200)).encode()
    held = b'{\n  "a": {\n    "b": 1\n  }\n}\n'
    return [
        _edits(
            "edit: each.value",
            lambda at: set_attribute(
                tree,
                root=root,
                address=Address("aws_instance", "web", f"web-{at % _SERVERS}"),
                attribute="instance_type",
                value=f"m5.{at}xlarge",
            ),
        ),
        _edits(
            "edit: one number",
            lambda at: set_attribute(
                tree,
                root=root,
                address=Address("aws_ebs_volume", f"d{at % _SERVERS}"),
                attribute="size",
                value=1000 + at,
            ),
        ),
        _edits(
            "edit: YAML",
            lambda at: yaml_edit.set_value(
                keyed, file="a.yml", path=(f"key_{at % 200}",), value=f"new {at}"
            ),
        ),
        _edits(
            "edit: JSON",
            lambda at: json_edit.set_value(
                held, file="a.json", path=("a", "b"), value=100 + at
            ),
        ),
        _index(),
    ]


def _edits(name: str, edit: Callable[[int], object]) -> dict[str, object]:
    edit(0)  # what is loaded once is loaded now
    times = []
    for number in range(EDITS):
        began = time.perf_counter()
        edit(number)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    middle, late = statistics.median(times), times[int(len(times) * 0.99)]
    print(f"{name:18}p50 {middle:8.2f} ms   p99 {late:8.2f} ms")
    return {"what": name, "p50": middle, "p99": late}


def _index() -> dict[str, object]:
    """Find every resource of 5,000 files, as `tandem catalog discover` does."""
    files: dict[str, bytes] = {}
    for number in range(FILES // A_FOLDER):
        files |= project(number)
    began = time.perf_counter()
    found, _ = resources(files)
    took = time.perf_counter() - began
    print(
        f"{'index':18}{len(files)} files in {took:.1f} s, {len(found)} resources found"
    )
    return {"what": "index", "files": len(files), "seconds": took, "found": len(found)}
