"""Which file of the catalog's folder holds what, and where in it a thing stands."""

from __future__ import annotations

from typing import Final, Self

from bot.domain.frozen import Frozen
from bot.domain.message import Message

PROVIDER_FILE: Final = "provider.yaml"
ROUTES_FILE: Final = "routes.yaml"
CLIENTS_FOLDER: Final = "clients"
CLIENT_FILE: Final = "client.yaml"
INVENTORY_FILE: Final = "inventory.yaml"
POLICIES_FOLDER: Final = "policies"
POLICY_ENDING: Final = ".cedar"

Steps = tuple[str | int, ...]


def client_file(client: str, name: str = CLIENT_FILE) -> str:
    """Return the path of a client's file, relative to the catalog's folder."""
    return f"{CLIENTS_FOLDER}/{client}/{name}"


class Inconsistency(Frozen):
    """What does not fit together, at which keys and indexes of which file."""

    file: str
    steps: Steps
    message: Message

    @classmethod
    def at(
        cls,
        file: str,
        steps: Steps,
        key: str,
        args: dict[str, str | int | Message] | None = None,
    ) -> Self:
        """Return a contradiction at this place, told by the text `catalog.<key>`."""
        return cls(file=file, steps=steps, message=Message.of(f"catalog.{key}", args))


class Problem(Frozen):
    """
    One thing wrong in one file: where, and what was got and what is wanted.

    `file` is relative to the catalog's folder; line and column count from 1, and 1:1
    stands for the file as a whole.
    """

    file: str
    line: int
    column: int
    message: Message

    @property
    def place(self) -> str:
        """The place as editors and terminals know it: file:line:column."""
        return f"{self.file}:{self.line}:{self.column}"
