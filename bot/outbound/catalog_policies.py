"""The policy files of a catalog's folder, joined with those that the program brings."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from bot.domain.message import Message
from bot.domain.rights import Policies, PolicyFile
from bot.outbound.catalog_problems import problem
from bot.outbound.catalog_yaml import Spot

if TYPE_CHECKING:
    from bot.domain.catalog import Problem
    from bot.outbound.catalog_folder import Content

SCHEMA: Final = "schema.cedarschema"
DEFAULTS: Final = "default.cedar"
# How a shipped file is called where catalog files are called by their path.
SHIPPED_AS: Final = "tandem:"


def shipped() -> Policies:
    """Return the schema and the policies that come with the program."""
    folder = files("bot") / "policies"
    return Policies(
        schema_text=(folder / SCHEMA).read_text(encoding="utf-8"),
        files=(
            PolicyFile(
                file=f"{SHIPPED_AS}{DEFAULTS}",
                text=(folder / DEFAULTS).read_text(encoding="utf-8"),
                shipped=True,
            ),
        ),
    )


def policies(content: Content, *, problems: list[Problem]) -> Policies:
    """Return all policies; what cannot be read is added to the problems."""
    ours = shipped()
    found: list[PolicyFile] = []
    for file, client in content.policies.items():
        data = content.files.get(file)
        if data is None:
            continue
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            message = Message.of("catalog.not-utf-8")
            problems.append(problem(file, Spot(line, 1), message))
            continue
        found.append(PolicyFile(file=file, text=text, client=client))
    return ours.model_copy(update={"files": (*ours.files, *found)})
