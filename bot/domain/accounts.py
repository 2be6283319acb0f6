"""
Who GitLab's users are: as the catalog says, and as people have proved by a link.

What keeps somebody from deciding is taken from both, and from links that were taken
back lately too. What gives somebody anything (being the one who asks, being known) is
the catalog's word first, and a link's only while it stands, for a member who is still
there, and where nothing contradicts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.domain.catalog import Catalog, Person
    from bot.domain.link import Link


@dataclass(frozen=True, slots=True)
class Accounts:
    """The catalog's GitLab names and the links that bear on one client."""

    catalog: Catalog
    links: tuple[Link, ...] = ()

    def authors(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return every member who is, or lately was, one of these GitLab users."""
        found: dict[str, None] = {}
        for name in sorted(names):
            said = self.catalog.by_gitlab(name)
            if said is not None:
                found[said.id] = None
            found |= dict.fromkeys(one.id for _, one in self._linked(name))
        return tuple(found)

    def person(self, name: str) -> Person | None:
        """Return the one person who is known to be this GitLab user, if there is."""
        said = self.catalog.by_gitlab(name)
        if said is not None:
            return said
        found = {
            person.id: person
            for link, person in self._linked(name)
            if link.stands and not person.deactivated and person.gitlab is None
        }
        return next(iter(found.values())) if len(found) == 1 else None

    def mine(self, person: Person) -> Link | None:
        """Return the link of this person that stands, if there is one."""
        return next((one for one in self._standing() if _of(one, person)), None)

    def refusal(self, person: Person, name: str) -> Message | None:
        """Return why this person cannot be linked to that GitLab user, or nothing."""
        said = self.catalog.by_gitlab(name)
        if said is not None and said.id != person.id:
            return Message.of("refused.link-other-person", {"name": name})
        if person.gitlab is not None and person.gitlab.lower() != name.lower():
            args: dict[str, str | int | Message] = {"name": person.gitlab}
            return Message.of("refused.link-other-name", args)
        mine = self.mine(person)
        if mine is not None:
            return Message.of("refused.link-already", {"name": mine.gitlab})
        if any(one.gitlab.lower() == name.lower() for one in self._standing()):
            return Message.of("refused.link-taken", {"name": name})
        return None

    def _standing(self) -> Iterator[Link]:
        return (one for one in self.links if one.stands)

    def _linked(self, name: str) -> Iterator[tuple[Link, Person]]:
        """Give the links of this GitLab user whose member is still who they were."""
        for link in self.links:
            person = self.catalog.member(link.member)
            if link.gitlab.lower() != name.lower() or person is None:
                continue
            if _of(link, person):
                yield link, person


def _of(link: Link, person: Person) -> bool:
    """Whether it is this person's: an id that another company uses now is not."""
    return (link.member, link.client) == (person.id, person.organisation)
