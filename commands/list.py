"""`/infra list`: what there is to act on here, and with which commands."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

from bot import sdk

_GLANCE = 8
_PAGE = 40


class List(sdk.Query, name="list"):
    """
    Show what there is here, and what you can do with it.

    Everything of this client that you may act on, by kind and by where it serves, each
    with the commands that fit. With a kind it shows all of that kind, page by page.
    """

    kind: Annotated[
        str, sdk.arg("one kind only, such as instance", example="instance")
    ] = ""
    page: Annotated[
        int, sdk.arg("which page of that kind, from 1", example="2", least=1)
    ] = 1

    async def answer(self, reading: sdk.Reading) -> sdk.Sheet:
        targets = sorted(
            (one for one in reading.targets if self.kind in ("", one.kind)),
            key=lambda one: (one.kind, one.environment, one.name),
        )
        if not targets:
            raise sdk.BadArguments(self._nothing(reading))
        parts = [
            self._section(kind, tuple(found), reading)
            for kind, found in groupby(targets, key=lambda one: one.kind)
        ]
        return sdk.Sheet(
            title=sdk.text(
                en="What { $client } has here",
                fr="Ce que { $client } a ici",
                args={"client": reading.client.name},
            ),
            sections=tuple(parts),
            hint=sdk.text(
                en="/infra show NAME tells more of one of them.",
                fr="/infra show NOM en dit plus sur l'un d'eux.",
                args={},
            ),
        )

    def _section(
        self, kind: str, targets: tuple[sdk.Target, ...], reading: sdk.Reading
    ) -> sdk.Section:
        size = _PAGE if self.kind else _GLANCE
        start = (self.page - 1) * size if self.kind else 0
        shown = targets[start : start + size]
        if not shown:
            raise sdk.BadArguments(_no_page(self.page, pages=-(-len(targets) // size)))
        left = len(targets) - start - len(shown)
        following = f"list {kind} {self.page + 1}" if self.kind else f"list {kind}"
        more = (_more(left, following),) if left else ()
        fitting = {
            spec.name: spec.usage for one in shown for spec in reading.commands_for(one)
        }
        return sdk.Section(
            heading=sdk.text(
                en="{ $kind } ({ $count })",
                fr="{ $kind } ({ $count })",
                args={"kind": kind, "count": len(targets)},
            ),
            lines=(*(_line(one) for one in shown), *more),
            typed=tuple(fitting[name] for name in sorted(fitting)),
        )

    def _nothing(self, reading: sdk.Reading) -> sdk.Message:
        kinds = sorted({one.kind for one in reading.targets})
        return sdk.text(
            en="{ $client } has no “{ $kind }” for you. There is: { $kinds }.",
            fr="{ $client } n'a pas de « { $kind } » pour vous. Il y a : { $kinds }.",
            args={
                "client": reading.client.name,
                "kind": self.kind[:40],
                "kinds": ", ".join(kinds) or "-",
            },
        )


def _line(target: sdk.Target) -> sdk.Message:
    return sdk.text(
        en="{ $name } · { $environment } · { $about }",
        args={
            "name": target.name,
            "environment": sdk.Message.of(f"environment.{target.environment.value}"),
            "about": target.description,
        },
    )


def _more(count: int, following: str) -> sdk.Message:
    return sdk.text(
        en="{ $count } more: /infra { $line }",
        fr="{ $count } de plus : /infra { $line }",
        args={"count": count, "line": following},
    )


def _no_page(page: int, *, pages: int) -> sdk.Message:
    return sdk.text(
        en="There is no page { $page }; the last one is { $pages }.",
        fr="Il n'y a pas de page { $page } ; la dernière est la { $pages }.",
        args={"page": page, "pages": pages},
    )
