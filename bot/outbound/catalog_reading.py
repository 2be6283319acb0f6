"""
The bytes of the catalog's files → one catalog, or everything that is wrong with them.

Joins what belongs together: YAML with its spots, the models, what has to fit together
across files, and the policies. Every problem is looked for even after the first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from bot.domain.catalog import (
    Catalog,
    CatalogRefused,
    Client,
    Inventory,
    Problem,
    Provider,
    Routes,
    inconsistencies,
    known_names,
    unknown_commands,
)
from bot.domain.catalog.layout import (
    CLIENT_FILE,
    CLIENTS_FOLDER,
    INVENTORY_FILE,
    PROVIDER_FILE,
    ROUTES_FILE,
    client_file,
)
from bot.domain.frozen import Frozen
from bot.domain.message import Message
from bot.domain.rights import flaws
from bot.outbound.catalog_policies import policies
from bot.outbound.catalog_problems import problem, problems_of
from bot.outbound.catalog_yaml import Data, Marked, Spot, read_marked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.domain.catalog import Inconsistency
    from bot.domain.catalog.layout import Steps
    from bot.outbound.catalog_folder import Content

_Model = TypeVar("_Model", bound=Frozen)


class Reading:
    """One reading of the folder: what is sound so far, and what is wrong."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._problems: list[Problem] = list(content.problems)
        self._marked: dict[str, Marked] = {}

    def catalog(self, commands: Collection[str] | None) -> Catalog:
        """Return the catalog; CatalogRefused with every problem of every file."""
        provider = self._read(Provider, PROVIDER_FILE, PROVIDER_FILE)
        routes = self._read(Routes, ROUTES_FILE, ROUTES_FILE)
        clients = tuple(
            client
            for name in self._content.clients
            if (client := self._client(name)) is not None
        )
        if self._content.files and not self._content.clients:
            message = Message.of("catalog.no-clients")
            self._problems.append(problem(CLIENTS_FOLDER, Spot(), message))
        rules = routes.routes if routes is not None else ()
        if provider is not None:
            # What is sound is compared even while another file is not.
            self._report(inconsistencies(provider, clients, rules))
        if commands is not None:
            self._report(unknown_commands(rules, commands))
        if self._problems or provider is None:
            # Policies name what the other files have, so they are checked after these.
            raise CatalogRefused(_in_order(self._problems))
        rights = policies(self._content, problems=self._problems)
        found = flaws(rights, known=known_names(provider, clients, commands))
        self._problems += [Problem(**dict(one)) for one in found]
        if self._problems:
            raise CatalogRefused(_in_order(self._problems))
        return Catalog(
            provider=provider, clients=clients, routes=rules, policies=rights
        )

    def _client(self, name: str) -> Client | None:
        client = self._read(Client, client_file(name), CLIENT_FILE, client=name)
        file = client_file(name, INVENTORY_FILE)
        inventory = self._read(Inventory, file, INVENTORY_FILE, client=name)
        if client is None or inventory is None:
            return client
        return client.model_copy(update={"targets": inventory.targets})

    def _read(
        self, model: type[_Model], file: str, kind: str, *, client: str = ""
    ) -> _Model | None:
        """Return the file as its model; None if it is wrong, which is then noted."""
        content = self._content.files.get(file)
        if content is None:
            return None
        marked = self._marked[file] = read_marked(content)
        found = [problem(file, flaw.spot, flaw.message) for flaw in marked.flaws]
        if found and marked.data is None:
            self._problems += found
            return None
        data, claimed = _with_folder(marked.data, kind, client)
        for steps in claimed:
            message = Message.of("catalog.said-by-folder", {"got": str(steps[-1])})
            found.append(problem(file, marked.keys[steps], message))
        read: _Model | None = None
        try:
            read = model.model_validate(data)
        except ValidationError as error:
            # What is already said of a place is not said again in other words.
            said = {(one.line, one.column) for one in found}
            wrong = problems_of(error, file=file, kind=kind, marked=marked)
            found += [one for one in wrong if (one.line, one.column) not in said]
        self._problems += found
        return None if found else read

    def _report(self, found: Iterable[Inconsistency]) -> None:
        for one in found:
            spot = self._marked[one.file].spot(one.steps)
            self._problems.append(problem(one.file, spot, one.message))


def _with_folder(data: Data, kind: str, client: str) -> tuple[Data, tuple[Steps, ...]]:
    """
    Return the data with what the folder's name says, and where the file said it too.

    The folder says a client's id and which client a target belongs to.
    """
    if not isinstance(data, dict):
        return data, ()
    if kind == CLIENT_FILE:
        kept = {key: value for key, value in data.items() if key != "targets"}
        claimed: tuple[Steps, ...]
        claimed = tuple((key,) for key in ("id", "targets") if key in data)
        return {**kept, "id": client}, claimed
    targets = data.get("targets")
    if kind != INVENTORY_FILE or not isinstance(targets, list):
        return data, ()
    claimed = tuple(
        ("targets", index, "client")
        for index, one in enumerate(targets)
        if isinstance(one, dict) and "client" in one
    )
    owned: list[Data] = [
        {**one, "client": client} if isinstance(one, dict) else one for one in targets
    ]
    return {**data, "targets": owned}, claimed


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda one: (one.file, one.line, one.column)))
