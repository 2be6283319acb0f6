"""Find every command and playbook by importing the two packages; refuse duplicates."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from bot.domain.command import Command
from bot.domain.errors import Broken
from bot.domain.playbook import Observation, Playbook
from bot.domain.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import ModuleType

    from bot.domain.catalog import Client, Target
    from bot.domain.change import Scalar

_Kind = TypeVar("_Kind", Command, Playbook, Observation, Query)


@dataclass(frozen=True)
class Registry:
    """The commands, playbooks, observations and questions of this build, by name."""

    commands: Mapping[str, type[Command]]
    playbooks: Mapping[str, type[Playbook]]
    observations: Mapping[str, type[Observation]]
    queries: Mapping[str, type[Query]] = field(default_factory=dict)

    def playbook(self, name: str, *, inputs: Mapping[str, Scalar]) -> Playbook:
        """Return the playbook with these inputs; Broken if this build has none."""
        return _made(self.playbooks, name, inputs)

    def observation(self, name: str, *, inputs: Mapping[str, Scalar]) -> Observation:
        """Return the observation with these inputs; Broken like `playbook`."""
        return _made(self.observations, name, inputs)

    def observing(self, target: Target, *, client: Client) -> Observation | None:
        """Return what reads the live state of this target; nothing if nothing does."""
        for name in sorted(self.observations):
            found = self.observations[name].of(target, client)
            if found is not None:
                return found
        return None

    @property
    def aws_actions(self) -> tuple[str, ...]:
        """Every name that an AWS scope may have, for the operator's Vault to know."""
        procedures = (*self.playbooks.values(), *self.observations.values())
        return tuple(sorted({name for one in procedures for name in one.actions()}))


_Made = TypeVar("_Made", Playbook, Observation)


def _made(
    of: Mapping[str, type[_Made]], name: str, inputs: Mapping[str, Scalar]
) -> _Made:
    if name not in of:
        raise Broken(f"{name!r} is not part of this build")
    try:
        return of[name].model_validate(dict(inputs))
    except ValidationError as error:
        raise Broken(f"{name!r} no longer takes what was stored for it") from error


def load(*more: ModuleType) -> Registry:
    """Import all of `commands` and `playbooks`, and take what `more` declares too."""
    found = (*_modules("playbooks"), *_modules("commands"), *more)
    # mypy lets no abstract class be a value (python/mypy#4717); nothing is made of
    # these.
    commands = _named(found, Command, lambda one: one.spec.name)  # type: ignore[type-abstract]
    queries = _named(found, Query, lambda one: one.spec.name)  # type: ignore[type-abstract]
    for name in sorted(set(commands) & set(queries)):
        raise Broken(f"two of one name: {name!r}")
    return Registry(
        commands=commands,
        queries=queries,
        playbooks=_named(found, Playbook, lambda one: one.name),  # type: ignore[type-abstract]
        observations=_named(found, Observation, lambda one: one.name),  # type: ignore[type-abstract]
    )


def _modules(package: str) -> Iterator[ModuleType]:
    path = importlib.import_module(package).__path__
    for found in pkgutil.walk_packages(path, prefix=f"{package}."):
        yield importlib.import_module(found.name)


def _named(
    modules: Sequence[ModuleType],
    kind: type[_Kind],
    name_of: Callable[[type[_Kind]], str],
) -> dict[str, type[_Kind]]:
    """Return the classes of this kind by the names they declare; no name twice."""
    found: dict[str, type[_Kind]] = {}
    for module in modules:
        for _, value in inspect.getmembers(module, inspect.isclass):
            if not issubclass(value, kind) or value.__module__ != module.__name__:
                continue
            if inspect.isabstract(value):
                continue
            if name_of(value) in found:
                raise Broken(f"two of one name: {name_of(value)!r}")
            found[name_of(value)] = value
    return found
