"""
The recorded wire contract of Slack, as JSON Schema, when the folder of it is there.

The schemas come from Slack's own TypeScript types. They hold shapes, not limits: those
are in `blocks.py`. Without the folder this layer is off, and says so.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.sandbox.slack.workspace import Json

_WORST = 5
"""How many faults one answer names; a wrong union yields dozens."""


class Contracts:
    """Validators by contract name (`APost`, `PSlash`…), compiled on first use."""

    def __init__(self, folder: Path | None) -> None:
        found = folder is not None and (folder / "PSlash.json").is_file()
        self._folder = folder if found else None

    @property
    def on(self) -> bool:
        return self._folder is not None

    def __str__(self) -> str:
        if self._folder is None:
            return "off: no folder of recorded contracts was given or found"
        return f"on: {self._folder}"

    def faults(self, name: str, value: object) -> list[str]:
        """Say what is wrong with `value` by the contract `name`; empty when nothing."""
        if self._folder is None:
            return []
        errors = self._validator(name).iter_errors(value)
        return [
            f"{error.message[:300]} [json-pointer:{_pointer(error.instance_path)}]"
            for error, _ in zip(errors, range(_WORST), strict=False)
        ]

    def block_faults(self, block: Json) -> list[str]:
        """Say what is wrong with one block, by the schema of its own type."""
        if self._folder is None:
            return []
        if self._validator("Blocks").is_valid([block]):
            return []
        name = self._definition_of(str(block.get("type")))
        if name is None:
            return [f"unsupported type: {block.get('type')}"]
        schema = {**self._schema("Blocks"), "$ref": f"#/definitions/{name}"}
        errors = jsonschema_rs.Draft7Validator(schema).iter_errors(block)
        return [
            f"{error.message[:300]} at {_pointer(error.instance_path)}"
            for error, _ in zip(errors, range(_WORST), strict=False)
        ] or ["failed to match all allowed schemas"]

    def _validator(self, name: str) -> jsonschema_rs.Draft7Validator:
        return _compiled(self._file(name))

    def _schema(self, name: str) -> Json:
        return _read(self._file(name))

    def _file(self, name: str) -> Path:
        if self._folder is None:
            raise LookupError(name)
        return self._folder / f"{name}.json"

    def _definition_of(self, kind: str) -> str | None:
        """Find the definition of a block type by the constant it demands."""
        for name, schema in self._schema("Blocks")["definitions"].items():
            wanted = schema.get("properties", {}).get("type", {}).get("const")
            if name.endswith("Block") and wanted == kind:
                return str(name)
        return None


def _pointer(path: list[Any]) -> str:
    return "".join(f"/{step}" for step in path) or "/"


# Read once, however many worlds a process has.
@functools.cache
def _read(file: Path) -> Json:
    schema: Json = json.loads(file.read_text(encoding="utf-8"))
    return schema


@functools.cache
def _compiled(file: Path) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(_read(file))
