"""The sample catalog's copy, which says what the sandbox's hosts really are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_INVENTORY: Final = Path("clients/acme/inventory.yaml")


def copied(
    source: Path, into: Path, *, hosts: Mapping[str, Mapping[str, object]]
) -> None:
    """
    Copy the catalog; of each host replace what is given, by the name of the field.

    A catalog may be its own copy, to say more of the hosts.

    A field given as None is taken away. ValueError for a host that is not there.
    """
    if source != into:
        shutil.copytree(source, into, dirs_exist_ok=True)
    file = into / _INVENTORY
    whole = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    known = {one["name"]: one for one in whole["targets"] if one["kind"] == "host"}
    for name, fields in hosts.items():
        if name not in known:
            raise ValueError(f"{file} has no host {name}")
        for field, value in fields.items():
            if value is None:
                known[name].pop(field, None)
            else:
                known[name][field] = value
    text = yaml.dump(whole, Dumper=yaml.CSafeDumper, sort_keys=False)
    draft = file.with_name(f".{file.name}")
    draft.write_text(f"# The sandbox's copy, written at its start.\n{text}")
    draft.replace(file)
