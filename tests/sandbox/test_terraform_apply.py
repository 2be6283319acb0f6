"""What apply leaves behind when the cloud refuses half-way, and when it is killed."""

from __future__ import annotations

import pytest

from deploy.sandbox.terraform.address import Address
from deploy.sandbox.terraform.apply import apply_plan
from deploy.sandbox.terraform.configuration import Configuration
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.plan import make_plan
from deploy.sandbox.terraform.state import State, locked, parse_state

SOURCE = b"""
locals {
  sizes = { "a" = "m5.large", "b" = "m5.large", "c" = "m5.large" }
}
resource "aws_instance" "web" {
  for_each      = local.sizes
  ami           = "ami-1"
  instance_type = each.value
}
"""


class Cloud:
    """Instances in memory; the one named `stuck` cannot be changed."""

    def __init__(self, *, stuck: str) -> None:
        self.stuck = stuck
        self.types = {"i-a": "t3.small", "i-b": "t3.small", "i-c": "t3.small"}

    def read(self, address, before):
        return {
            "ami": "ami-1",
            "id": before["id"],
            "instance_type": self.types[before["id"]],
            "tags": {},
            "tags_all": {},
        }

    def update(self, address, before, after):
        if before["id"] == self.stuck:
            raise TerraformError("AWS refused ModifyInstanceAttribute")
        self.types[before["id"]] = after["instance_type"]
        return self.read(address, before)

    def create(self, address, planned):
        raise AssertionError("nothing is created here")

    def delete(self, address, before):
        raise AssertionError("nothing is destroyed here")


def at(key: str) -> Address:
    return Address("aws_instance", "web", key)


def recorded(path) -> dict[str, object]:
    state = parse_state(path.read_bytes(), name="test")
    return {a.key: each["instance_type"] for a, each in state.instances.items()}


@pytest.fixture
def configuration():
    return Configuration.of({"main.tf": SOURCE}, environment={})


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "production.tfstate"
    cloud = Cloud(stuck="")
    state = State()
    for key in "abc":
        state = state.with_instance(at(key), cloud.read(at(key), {"id": f"i-{key}"}))
    with locked(found) as file:
        file.write(state)
    return found


def test_what_was_done_before_a_refusal_is_recorded(path, configuration):
    cloud = Cloud(stuck="i-b")

    with locked(path) as file:
        plan = make_plan(
            configuration,
            file.state,
            read=cloud.read,
        )
        with pytest.raises(TerraformError, match="AWS refused"):
            apply_plan(
                plan, file=file, configuration=configuration, cloud=cloud, say=str
            )

    assert recorded(path) == {"a": "m5.large", "b": "t3.small", "c": "t3.small"}


def test_a_half_written_state_is_never_seen(path):
    before = recorded(path)
    # What a kill in the middle of writing leaves: an unfinished draft beside the file.
    path.with_name(f".{path.name}.draft").write_bytes(b'{"version": 4, "ser')

    with locked(path) as file:
        written = file.write(file.state.with_instance(at("a"), None))

    assert before["a"] == "t3.small"
    assert recorded(path) == {"b": "t3.small", "c": "t3.small"}
    assert written.serial == 2


def test_the_same_state_is_not_written_again(path):
    inode = path.stat().st_ino

    with locked(path) as file:
        file.write(file.state)

    assert path.stat().st_ino == inode
    assert parse_state(path.read_bytes(), name="test").serial == 1


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b'{"version": 3}', b'{"version": 4}', b"null"]
)
def test_a_state_that_is_none_is_refused(tmp_path, raw):
    path = tmp_path / "broken.tfstate"
    path.write_bytes(raw)

    with pytest.raises(TerraformError), locked(path):
        pass

    assert path.read_bytes() == raw
