"""What a sandbox keeps between two starts."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot import registry
from deploy.sandbox.places import Places, keep_secret, places, secret
from deploy.sandbox.seeding import fingerprint
from deploy.sandbox.terraform.toolchain import Toolchain

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.sandbox.client_postgres import Served


@dataclass(frozen=True)
class Address:
    """Where something would listen."""

    address: str


@dataclass(frozen=True)
class House:
    """A sandbox of which nothing runs."""

    state: Path
    places: Places
    openbao: Address
    registry: registry.Registry
    repositories: Path
    toolchain: Toolchain
    served: tuple[Served, ...] = ()


def house(folder):
    return House(
        state=folder,
        places=Places(page=1, bot=2, gitlab=3, aws=4),
        openbao=Address("http://127.0.0.1:5"),
        registry=registry.load(),
        repositories=folder,
        toolchain=Toolchain((), {"TF_CLI_CONFIG_FILE": "a"}, "real", "-", reason="-"),
    )


def test_another_toolchain_is_furnished_anew(tmp_path):
    before = house(tmp_path)
    other = replace(before.toolchain, environment={"TF_CLI_CONFIG_FILE": "b"})

    after = replace(before, toolchain=other)

    assert fingerprint(before) == fingerprint(replace(before))
    assert fingerprint(before) != fingerprint(after)


def test_a_kept_secret_is_replaced_as_a_whole_and_for_this_user_alone(tmp_path):
    keep_secret(tmp_path, "one", "first")
    file = tmp_path / "secrets" / "one"

    with file.open() as opened:
        keep_secret(tmp_path, "one", "second")
        # Whoever reads while it is written has all of the old.
        assert opened.read() == "first"

    assert secret(tmp_path, "one") == "second"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["one"]


def test_ports_are_replaced_as_a_whole(tmp_path):
    places(tmp_path, page=0)
    file = tmp_path / "ports.json"

    with file.open() as opened:
        again = places(tmp_path, page=0)
        assert Places.model_validate_json(opened.read())

    assert Places.model_validate_json(file.read_text()) == again
    assert [one.name for one in tmp_path.iterdir()] == ["ports.json"]
