"""The JSON Schema of each kind of file, for editors and for `tandem check --schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.domain.catalog.client import Client, Inventory
from bot.domain.catalog.layout import (
    CLIENT_FILE,
    INVENTORY_FILE,
    PROVIDER_FILE,
    ROUTES_FILE,
)
from bot.domain.catalog.people import Provider
from bot.domain.catalog.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.catalog.layout import Steps
    from bot.domain.frozen import Frozen

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

FILE_MODELS: Final[Mapping[str, type[Frozen]]] = {
    PROVIDER_FILE: Provider,
    ROUTES_FILE: Routes,
    CLIENT_FILE: Client,
    INVENTORY_FILE: Inventory,
}


def schema() -> dict[str, dict[str, object]]:
    """Return the JSON Schema (draft 2020-12) of each file, by the file's name."""
    return {
        name: {"$schema": DIALECT, **model.model_json_schema()}
        for name, model in FILE_MODELS.items()
    }


def keys_at(file: str, steps: Steps) -> tuple[str, ...]:
    """
    Return the keys that the file may have at these steps; none if it has no such place.

    Steps are pydantic's: field names, indexes, and the tags of discriminated unions.
    """
    whole = FILE_MODELS[file].model_json_schema()
    definitions = whole.get("$defs", {})
    here: Any = whole
    for step in steps:
        here = _inside(here, step, definitions)
    return tuple(here.get("properties", ()))


def _inside(here: Any, step: str | int, definitions: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the schema one step further in; `{}` where there is none."""
    if isinstance(step, int):
        found = here.get("items", {})
    elif "discriminator" in here:
        found = {"$ref": here["discriminator"]["mapping"].get(step, "")}
    else:
        found = here.get("properties", {}).get(step, {})
    # An optional model is written `anyOf: [it, null]`.
    found = next(iter(found.get("anyOf", ())), found)
    name = str(found.get("$ref", "")).removeprefix("#/$defs/")
    return definitions.get(name, found)
