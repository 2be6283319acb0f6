"""The worker is killed right before and right after every call that reaches out."""

from __future__ import annotations

import itertools
import os
import random
import secrets
import shutil
import time

import httpx
import pytest
import pytest_asyncio

from bot import registry
from bot.domain.operation import State
from bot.domain.playbook import LiveState
from bot.domain.way_back import Before, WayBack
from deploy.sandbox.client_mariadb import available
from deploy.sandbox.hosts import missing
from deploy.sandbox.loopback import free_port
from tests.storm.ledgers import judge
from tests.storm.signed import Signed, click, slash
from tests.storm.world import a_world, told

pytestmark = [
    pytest.mark.storm,
    pytest.mark.timeout(3600),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world():
    async with a_world(hosts=not missing()) as found:
        yield found


SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
# Of a life in which the worker dies at every point that it comes to, and starts again.
PATIENCE = 900
# Every command is here by being there: forth by its own example, back by its way back.
COMMANDS = registry.load().commands
# A reboot leaves no trace at AWS: killed between its announcement and its answer it
# stays in doubt for good, and is not repeated.
TRACELESS = {"restart"}
# So does what is done on a machine in many steps, if it is killed between two of them
# and nothing tells its own half from somebody else's.
HOSTS = {name for name, one in COMMANDS.items() if "host" in one.spec.kinds}
# What these make is made once: each life asks for another one, by these arguments.
NEW = {
    "postgres": ("database", "user"),
    "mysql": ("database", "user"),
    "nfs": ("share",),
}
NUMBERS = itertools.count(1)
# What must be there before an example makes sense, and what is asked after it.
FIRST = {"cert": "vhost add shop.acme.example on web-host"}
THEN = {"cert": "cert renew shop.acme.example on web-host"}
# What this machine lacks for some.
LACKING = {
    **dict.fromkeys(HOSTS if missing() else (), missing()),
    **dict.fromkeys(() if available() else ("mysql", "dump"), "mariadbd"),
    **dict.fromkeys(() if shutil.which("exportfs", path=SYSTEM) else ("nfs",), "nfs"),
}


# What is always called on the way from approved to done, whatever the machine does.
ALWAYS = (
    "store.write[operation.started",
    "store.write[effect.verified",
    "store.write[operation.done",
)
ACTS = {
    "resize": ("store.write[merge.announced", "forge.merge", "store.write[merge.done"),
    "backup": ("store.write[action.announced", "aws.call[CreateDBSnapshot]"),
    "postgres": (
        "store.write[action.announced",
        "database.make",
        "lender.wrap",
        "store.write[handover.made",
        "chat.direct[handover.told]",
    ),
}


ON_A_HOST = ("store.write[action.announced", "host.play[run.yml]")


def acts(route):
    """Return what is called where the command acts."""
    return ACTS.get(route, ON_A_HOST if route in HOSTS else ())


LONG = 200
# In a short run: how many points besides those where a command changes something.
SAMPLE = 8
# A play takes seconds: of hosts' commands a short run walks one, and at few points.
FEW = 3
KILLS = int(os.environ.get("STORM_KILLS", LONG))  # noqa: TID251 - asked of the test
# A short run walks one of the commands on hosts, or all with STORM_HOSTS=all.
EVERY_HOST = os.environ.get("STORM_HOSTS") == "all"  # noqa: TID251 - asked of the test
SEED = int(os.environ.get("STORM_SEED", "0")) or secrets.randbits(32)  # noqa: TID251 - as above


def walked(route):
    """Whether this run dies in this command at all, however short it is."""
    return KILLS >= LONG or EVERY_HOST or route not in HOSTS or route == "vhost"


def chosen(points, *, route):
    """
    Return where to die: everywhere, or in a short run where this command is alone.

    The stages are the same for every command, so a short run dies in each at what
    changes something, at what must come, and at some of the rest.
    """
    if KILLS >= LONG:
        return points
    changes = ("forge.merge", "store.write[merge.", "lender.database")
    always = () if route in HOSTS else ALWAYS
    kept = [
        point
        for point in points
        if point.startswith((*always, *acts(route), *changes))
        or (point.startswith("aws.call[") and "[Describe" not in point)
    ]
    rest = sorted(set(points) - set(kept))
    many = FEW if route in HOSTS else SAMPLE
    picked = random.Random(f"{SEED} {route}").sample(rest, min(many, len(rest)))  # noqa: S311 - a choice that can be repeated, no secret
    return tuple(point for point in points if point in {*kept, *picked})


def without(names, points):
    """Return the calls of these names that are not among the points, either side."""
    return [
        f"{name} {moment}"
        for name in names
        for moment in ("before", "after")
        if not any(
            point.startswith(name) and point.endswith(moment) for point in points
        )
    ]


async def one_life(world, line):
    """Bring one operation from asked to its end, and return the next line to ask."""
    operation = await world.asks(line)
    asked = await world.until(
        operation, State.PROPOSED, State.REFUSED, seconds=PATIENCE
    )
    if asked.state is State.REFUSED:
        return None
    await world.approves(operation)
    may_stay = asked.command in TRACELESS | HOSTS
    ends = (State.DONE, *([State.IN_DOUBT] if may_stay else []))
    ended = await world.until(operation, *ends, seconds=PATIENCE)
    if ended.state is State.IN_DOUBT:
        world.doubtful.add(operation)
    return asked.proposal.way_back or onward(asked.command, line)


def onward(route, line):
    """Return a line for the next life of a command that has no way back."""
    return another(route) or THEN.get(route) or once_more(line)


def once_more(line):
    """Return a line for the next life; what only grows, such as a disk, grows on."""
    words, last = line.rpartition(" ")[::2]
    return f"{words} {int(last) + 1}" if last.isdecimal() else line


def another(route):
    """Return the example with new names, of a command whose names are taken once."""
    if route not in NEW:
        return None
    number = next(NUMBERS)
    words = (
        one.typed_as(
            f"{one.example}{number}" if one.name in NEW[route] else one.example
        )
        for one in COMMANDS[route].spec.arguments
    )
    return " ".join((route, *words))


def way_back_of_another(name):
    """Whether another command's way back is this one, and so walks through it."""
    others = (one for one in COMMANDS.values() if one.spec.name != name)
    for command in others:
        words = {one.name: one.example for one in command.spec.arguments}
        back = command.model_validate(words).undo(Before(state=LiveState(items=())))
        if isinstance(back, WayBack) and back.command == name:
            return True
    return False


@pytest.mark.parametrize("route", sorted(COMMANDS))
async def test_no_call_point_loses_or_doubles_anything(world, route):
    if route in LACKING:
        pytest.skip(f"this machine has no {LACKING[route]}")
    if not walked(route):
        pytest.skip("of hosts' commands a short run walks vhost; the whole storm, all")
    clean = await world.bot("work")
    if route in FIRST:
        await one_life(world, FIRST[route])
    line = COMMANDS[route].spec.example
    for life in range(2):
        back = await one_life(world, line)
        if back is None and life == 0:
            await clean.stop()
            assert way_back_of_another(route), "its example cannot be walked"
            pytest.skip("walked as the way back of another command")
        assert back is not None
        line = back
        await judge(world)  # returns once all is said, which has call points too
    points = tuple(dict.fromkeys(clean.passed))
    await clean.stop()
    sure = (*ALWAYS, *acts(route))
    assert not without(sure, points)
    points = chosen(points, route=route)

    began, turn = time.monotonic(), 0
    mortal = await world.bot("work", points=points, bury=True)
    while set(points) - set(mortal.deaths) and turn < 6:
        turn += 1
        # Half of something is left by a doubt: then what began it is asked again.
        line = await one_life(world, line) or onward(
            route, COMMANDS[route].spec.example
        )
    # Once for all: what a death left lent is only given back after a minute.
    book = await judge(world)
    await mortal.stop()
    if line.split()[0] != route:  # stopped, say: no place to restart anything
        await world.bot("work")
        await one_life(world, line)
        await world.stop_bots()
    came, died = set(mortal.passed) & set(points), set(mortal.deaths)

    told(
        {
            "route": route,
            "seed": SEED,
            "points": len(points),
            "kills": len(mortal.deaths),
            "never came again": sorted(set(points) - came),
            "seconds": round(time.monotonic() - began, 1),
            **book.figures(),
        }
    )
    assert book.clean, book
    # Some calls are made only if the world is slow (another poll, a word that it still
    # waits, a job put back): they are not always there to be died at. What came was.
    assert not came - died
    # What is in doubt is not gone on with, so its later points come in other lives.
    assert not without(sure, died) or route in TRACELESS | HOSTS


ASKED = "store.write[operation.asked job:prepare]"
DECIDED = "store.write[decision.made operation.approved job:execute]"


async def delivered_twice(world, body, *, dying_at):
    """Deliver to a front that dies at this point, and the same again to the next."""
    port, slack = free_port(), Signed(world.sandbox.state)
    front = await world.front_on(port, points=(dying_at,))
    with pytest.raises(httpx.HTTPError):
        await slack.post(body, port=port)
    await front.reaches(dying_at)
    await front.child.answers(f"http://127.0.0.1:{port}/readyz")
    return await slack.post(body, port=port)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_front_killed_at_its_write_asks_once(world, moment):
    before = {one.id for one in await world.front.store.unfinished("acme")}

    answer = await delivered_twice(
        world, slash("backup db-prod-2"), dying_at=f"{ASKED} {moment}"
    )

    after = {one.id for one in await world.front.store.unfinished("acme")}
    (operation,) = after - before
    assert f"Noted as {operation[:7]}" in answer.json()["text"]
    world.asked[operation] = "acme"
    await world.bot("work")
    await world.until(operation, State.PROPOSED)
    await world.approves(operation)
    await world.until(operation, State.DONE)
    book = await judge(world)
    await world.stop_bots()
    assert book.clean, book


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_front_killed_at_a_decision_decides_once(world, moment):
    operation = await world.asks("backup db-prod-2")
    await world.bot("work")
    proposed = await world.until(operation, State.PROPOSED)

    answer = await delivered_twice(
        world, click(proposed), dying_at=f"{DECIDED} {moment}"
    )

    assert answer.status_code == 200
    await world.until(operation, State.DONE)
    decisions = await world.front.store.decisions("acme", operation=operation)
    book = await judge(world)
    await world.stop_bots()
    assert len(decisions) == 1
    assert book.clean, book
