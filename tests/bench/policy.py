"""
What a decision of the policies costs: alone, in bulk, explained, and made ready.

Run as `python -m tests.bench policy`. Nothing is started: the sample catalog, and a
client with a thousand targets and as many policies as somebody may come to write.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import deploy.sandbox
from bot import registry
from bot.domain.catalog import Catalog
from bot.domain.operation import Place
from bot.domain.rights import Action, Asked, Policies, PolicyFile, answered, judge
from bot.domain.rights.rules import compiled
from bot.domain.scope import Risk
from bot.domain.timing.rota import Standing
from bot.flow.door import Caller, Knock
from bot.flow.explaining import refused
from bot.flow.rights import actor, doable, thing
from bot.outbound import clock
from bot.outbound.catalog import load
from bot.ports import Front

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(deploy.sandbox.__file__).parent / "catalog"
TARGETS = 1000
POLICIES = 200


def front(catalog: Catalog) -> Front:
    """Return a chat side that has this catalog in force, and no database."""

    class InForce:
        def current(self) -> Catalog:
            return catalog

    return Front(
        store=None,
        catalog=InForce(),
        registry=registry.load(),
        now=clock.now,
        new_id=clock.new_id,
        new_code=clock.new_code,
    )


def grown(catalog: Catalog) -> Catalog:
    """Return the catalog with many targets, and many policies that name some."""
    acme = catalog.client("acme")
    one = acme.target("web-2")
    more = tuple(
        one.model_copy(update={"name": f"web-{number}", "terraform": None})
        for number in range(100, 100 + TARGETS)
    )
    text = "\n".join(
        f'@id("many-{number}") @because("One of many.")\n'
        'forbid (principal in Role::"client.trainee", action == Action::"ask",'
        f' resource == Target::"acme/web-{100 + number}")'
        f" when {{ context.risk >= {number % 3 + 1} }};"
        for number in range(POLICIES)
    )
    files = (*catalog.policies.files, PolicyFile(file="policies/many.cedar", text=text))
    return Catalog.model_construct(
        provider=catalog.provider,
        clients=(acme.model_copy(update={"targets": (*acme.targets, *more)}),),
        routes=catalog.routes,
        policies=catalog.policies.model_copy(update={"files": files}),
    )


def timed(work: Callable[[], object], *, times: int) -> float:
    """Return the median of so many runs, in microseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1e6)
    return statistics.median(found)


def measured(name: str, catalog: Catalog) -> list[dict[str, object]]:
    """Measure one catalog and return its rows."""
    of, acme = front(catalog), catalog.client("acme")
    alice = catalog.member("alice")
    who = actor(alice, client="acme", at=clock.now(), front=of)
    what = thing(acme.target("db-prod"))
    asked = Asked(Action.ASK, who, "acme", what, "backup", Risk.MEDIUM)
    rules = catalog.rules("acme")
    no = replace(asked, risk=Risk.HIGH)
    (ruled,) = judge(rules, (no,))
    room = acme.channels[0]
    caller = Caller(
        alice, acme, Place(team=room.team, channel=room.id), Knock("", "", "", "", "")
    )
    policies: Policies = catalog.policies

    def first(work: Callable[[], object]) -> object:
        """Have it answered as by rules that have answered nothing yet."""
        rules.answers.clear()
        return work()

    rows = {
        "one decision": timed(lambda: judge(rules, (asked,)), times=2000),
        "the same again": timed(lambda: answered(rules, (asked,)), times=2000),
        "a hundred at once": timed(lambda: judge(rules, (asked,) * 100), times=50),
        "a refusal, explained": timed(
            lambda: first(lambda: refused(no, ruled, standing=Standing(), front=of)),
            times=200,
        ),
        "what may I do here": timed(
            lambda: first(lambda: doable(caller, front=of)), times=50
        ),
        "made ready": timed(lambda: compiled(policies, clients=("acme",)), times=5),
    }
    return [
        {"what": f"policy: {label}", "of": name, "us": cost}
        for label, cost in rows.items()
    ]


def run() -> list[dict[str, object]]:
    """Measure, print and return the figures."""
    sample = load(SAMPLE, commands=registry.load().commands)
    rows = [*measured("sample", sample), *measured("grown", grown(sample))]
    rules = len(sample.rules("acme").rules)
    print(f"sample: {rules} policies; grown: {POLICIES} more, {TARGETS} targets more")
    for row in rows:
        print(f"{row['of']:8}{row['what']:32}{row['us']:12.0f} us")
    return rows
