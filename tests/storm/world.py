"""One world for a module of violent tests: around the bot nothing ever dies."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from bot.domain.decision import Verdict
from bot.domain.operation import State
from bot.flow.ask import ask
from bot.flow.decide import Choice, decide
from bot.flow.door import Knock
from bot.outbound import clock
from bot.settings import Settings
from bot.wiring.front import front
from deploy.sandbox.inventory import copied
from deploy.sandbox.process import Child
from deploy.sandbox.whole import Sandbox, Wishes
from tests.storm.bot import Plan

CONTRACTS: Final = (Path(__file__).parents[2] / "../shared/contracts").resolve()
TEAM: Final = "T0CLARANET"
ROOMS: Final = {"acme": "C0ACMEOPS", "globex": "C0GLOBEXOPS"}
ASKS: Final = {"acme": "U0ALICE", "globex": "U0GINA"}
OWNS: Final = {"acme": "U0CAROL", "globex": "U0GREG"}
ON_CALL: Final = ("U0BOB", "U0DAVE")
ENDS: Final = frozenset(
    {
        State.DONE,
        State.FAILED,
        State.REFUSED,
        State.DENIED,
        State.CANCELLED,
        State.EXPIRED,
        State.VOIDED,
    }
)
# Faster than the sandbox is for people, so that a hundred deaths take minutes.
FAST: Final = {
    "TANDEM_PACE__POLL": "0.1",
    "TANDEM_PACE__POST_GAP": "0",
    "TANDEM_PACE__SWEEP": "0.5",
    "TANDEM_PACE__HEARTBEAT": "0.5",
    "TANDEM_PACE__DEAD_AFTER": "2",
    "TANDEM_PACE__CHECKPOINT": "5",
    "TANDEM_PACE__AFTERWARDS": "5",
}
# A test double, not Chef: it changes nothing but its own book.
CHEF: Final = """\
#!/bin/sh
if [ "$1" = --version ]; then echo "Test double, in Chef's place: 0"; exit 0; fi
echo converged >> "$0.calls"
"""
# As the sandbox has it, except that nobody reads at one message a second here.
SANDBOX_PACE: Final = {"TANDEM_PACE__POST_GAP": "0"}


@dataclass
class Bot:
    """One process of the bot: it may die and be born again many times."""

    child: Child
    plan: Plan

    @property
    def pid(self) -> int:
        """The life that runs now."""
        return int(self.plan.pid.read_text())

    @property
    def deaths(self) -> tuple[str, ...]:
        """The points at which a life ended by its own hand, in order."""
        return _lines(self.plan.died)

    @property
    def passed(self) -> tuple[str, ...]:
        """Every call point that was passed, in order."""
        return _lines(self.plan.passed)

    def strike(self, number: signal.Signals = signal.SIGKILL) -> bool:
        """Send the life that runs now a signal; False when there was none."""
        try:
            os.kill(self.pid, number)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return False
        return True

    async def reaches(self, point: str, *, seconds: float = 30) -> None:
        """Wait until a life of it has come to this point."""
        async with asyncio.timeout(seconds):
            while point not in self.deaths:  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.01)

    def struck_at(self) -> datetime:
        """Return the moment at which a life last came to its point."""
        return datetime.fromtimestamp(self.plan.died.stat().st_mtime, UTC)

    async def stop(self) -> None:
        """End it for good."""
        self.strike(signal.SIGCONT)
        await self.child.stop()


class World:
    """A sandbox without its bot, and people who ask and decide past any front."""

    def __init__(self, sandbox: Sandbox, front: Any) -> None:
        self.sandbox = sandbox
        self.front = front
        self.bots: list[Bot] = []
        # What was asked in this world and acknowledged: its id, and whose it is.
        self.asked: dict[str, str] = {}
        # What may stay in doubt for good: nothing tells whether it happened.
        self.doubtful: set[str] = set()
        # What people called off and were told so.
        self.off: set[str] = set()
        self._born = 0

    async def bot(
        self,
        part: str,
        *,
        points: tuple[str, ...] = (),
        number: signal.Signals = signal.SIGKILL,
        again: bool = True,
        bury: bool = False,
        duel: Path | None = None,
        more: dict[str, str] | None = None,
    ) -> Bot:
        """Start a process of the bot that dies at these points."""
        self._born += 1
        name = f"{part}-{self._born}"
        plan = Plan(
            folder=self.sandbox.state / "lives" / name,
            points=points,
            signal=number,
            again=again,
            bury=bury,
            duel=duel,
        )
        plan.folder.mkdir(parents=True)
        file = plan.folder / "plan.json"
        file.write_text(plan.model_dump_json())
        environment = self.sandbox.environment(worker=part == "work") | (more or {})
        child = Child(
            name,
            ("tests.storm.bot", part, str(file)),
            log=self.sandbox.logs / f"{name}.log",
            environment=environment,
        )
        await child.start()
        found = Bot(child, plan)
        self.bots.append(found)
        return found

    async def front_on(self, port: int, **wishes: Any) -> Bot:
        """Start a front on a port of its own and return once it answers."""
        more = {"TANDEM_PORT": str(port)}
        found = await self.bot("serve", more=more, **wishes)
        await found.child.answers(f"http://127.0.0.1:{port}/readyz")
        return found

    async def stop_bots(self) -> None:
        """End every process of the bot."""
        await asyncio.gather(*(bot.stop() for bot in self.bots))
        self.bots.clear()

    async def asks(self, line: str, *, client: str = "acme", who: str = "") -> str:
        """Ask for something and return the operation's id."""
        knock = self._knock(who or ASKS[client], client, line)
        answer = await ask(knock, front=self.front)
        assert answer.key == "asked.noted", answer
        short = str(answer.args["id"])
        (found,) = await self.front.store.operations_like(client, short=short)
        assert found.id not in self.asked
        self.asked[found.id] = client
        return str(found.id)

    async def approves(self, operation: str, *, client: str = "acme") -> None:
        """Have everyone who is needed approve what is proposed."""
        found = await self.operation(operation, client=client)
        for who in (ON_CALL[0], OWNS[client]):
            if found.state is State.PROPOSED:
                choice = Choice(operation, found.digest or "", Verdict.APPROVE)
                knock = self._knock(who, client, "[approve]")
                answer = await decide(knock, choice=choice, front=self.front)
                assert answer.key == "decided.approve", answer
            found = await self.operation(operation, client=client)
        assert found.state is not State.PROPOSED

    async def operation(self, operation: str, *, client: str = "acme") -> Any:
        """Return the operation as it stands."""
        found = await self.front.store.operation(client, id=operation)
        assert found is not None
        return found

    async def until(
        self, operation: str, *states: State, client: str = "acme", seconds: float = 60
    ) -> Any:
        """Wait until it stands so."""
        found = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = await self.operation(operation, client=client)
                    if found.state in states:
                        return found
                    assert found.state not in ENDS, (found.state, found.outcome)
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise AssertionError(
                f"{operation} is {found.state if found else '-'}, not {states}; "
                f"{found.progress if found else ''}"
            ) from None

    def _knock(self, who: str, client: str, text: str) -> Knock:
        return Knock(TEAM, who, ROOMS[client], text, f"storm:{clock.new_id()}")


@asynccontextmanager
async def a_world(*, pace: dict[str, str] = FAST, hosts: bool = False) -> Any:
    """
    Start a world in a folder of its own and take it down whatever happens.

    With hosts there are two real ones to log into, and on one of them a test double in
    the place of Chef's client, which cannot be had here.
    """
    folder = _folder()
    sandbox = Sandbox(
        folder / "world",
        Wishes(
            terraform="standin",
            contracts=CONTRACTS if CONTRACTS.is_dir() else None,
            unlimited_rates=True,
            snapshot_seconds=1.2,
            hosts=hosts,
            more=pace,
        ),
    )
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.push_async_callback(sandbox.stop)
        await sandbox.start_world()
        if hosts:
            _place_chef(sandbox)
        settings = Settings(
            database_url=SecretStr(sandbox.database_url("tandem_app")),
            catalog=sandbox.catalog,
        )
        wired = await stack.enter_async_context(front(settings))
        world = World(sandbox, wired.front)
        stack.push_async_callback(world.stop_bots)
        yield world


def _place_chef(sandbox: Sandbox) -> None:
    """Put a program in the place of Chef's client, which notes that it was called."""
    program = sandbox.state / "data-host" / "chef-client"
    program.write_text(CHEF)
    program.chmod(0o755)
    there = {"data-host": {"chef": {"client": str(program)}}}
    copied(sandbox.catalog, sandbox.catalog, hosts=there)


def _folder() -> Path:
    """
    Return a new folder that other users can pass through.

    Not pytest's own: PostgreSQL may run as another user, who has to reach its files.
    """
    folder = Path(tempfile.mkdtemp(prefix="tandem-storm-"))
    folder.chmod(0o711)
    return folder


def _lines(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    # The last line may be half written by a life that just ends.
    return tuple(path.read_text().split("\n")[:-1])


def told(figures: dict[str, Any]) -> None:
    """Print figures as one line that CI keeps."""
    print("\nstorm:", json.dumps(figures, default=str))
