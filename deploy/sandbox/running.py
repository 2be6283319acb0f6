"""The sandbox as a program: it starts the whole world and says where the page is."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from typing import TYPE_CHECKING

from bot.domain.errors import TandemError
from deploy.sandbox.hosts import missing
from deploy.sandbox.openbao import OpenBaoFailedError
from deploy.sandbox.process import ChildFailedError
from deploy.sandbox.whole import CATALOG, Sandbox, Wishes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from deploy.sandbox.births import Births

_STORY = """\
Tandem's sandbox is ready ({seconds:.1f} s): {url}

  You are Alice of Acme, in #acme-ops:   {url}/?as=U0ALICE&channel=C0ACMEOPS
  Type                                   /infra resize web-2 m5.large
  Become Bob, Claranet's on-call:        {url}/?as=U0BOB&channel=C0ACMEOPS
  and click Approve. Then try            /infra backup db-prod
  and                                    /infra audit web-2      /infra help

  GitLab (the stand-in): {gitlab}     terraform: {terraform}
  Hosts: {hosts}
  Wire contracts of Slack and GitLab: {contracts}
  State and logs: {state}             Ctrl-C stops it all and loses nothing.
"""


async def _run(
    asked: argparse.Namespace, *, births: Mapping[str, Births], began: float
) -> int:
    wishes = Wishes(
        page_port=asked.port,
        terraform=asked.terraform,
        catalog=asked.catalog or CATALOG,
        contracts=asked.contracts,
        hosts=True,
    )
    sandbox = Sandbox(asked.state, wishes, births=births)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    try:
        await sandbox.start()
        _say(sandbox, time.monotonic() - began)
        if asked.demo:
            from deploy.sandbox.demo import Demo  # noqa: PLC0415 - slow, for this alone

            return await Demo(sandbox, say=_line).tell()
        await _watch(sandbox, over)
    finally:
        _line("stopping …")
        await sandbox.stop()
    return 0


async def _watch(sandbox: Sandbox, over: asyncio.Event) -> None:
    """Start a part of the bot again when it ends, as an operator's system would."""
    stop = asyncio.create_task(over.wait())
    while not over.is_set():
        parts = {
            name: asyncio.create_task(child.ended())
            for name, child in sandbox.children.items()
        }
        await asyncio.wait([stop, *parts.values()], return_when=asyncio.FIRST_COMPLETED)
        for name, task in parts.items():
            if task.done() and not over.is_set():
                _line(f"{name} ended with {task.result()}; starting it again")
                await asyncio.sleep(0.5)
                await sandbox.children[name].start()
            task.cancel()
    stop.cancel()


def _say(sandbox: Sandbox, seconds: float) -> None:
    _line(
        _STORY.format(
            seconds=seconds,
            url=sandbox.places.slack_url,
            gitlab=sandbox.places.gitlab_url,
            terraform=f"{sandbox.toolchain.kind} ({sandbox.toolchain.reason})",
            hosts=_hosts(),
            contracts=sandbox.wishes.contracts or "not checked (no --contracts given)",
            state=sandbox.state,
        )
    )


def _hosts() -> str:
    if missing(web=False):
        return f"not there: this machine has no {missing(web=False)}"
    if missing():
        return f"data-host (real sshd); for web-host there is no {missing()}"
    return "real sshd and nginx; try /infra vhost add shop.acme.example on web-host"


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(
    asked: argparse.Namespace, *, births: Mapping[str, Births], began: float
) -> int:
    """Run until Ctrl-C; a fault is one sentence and exit status 1."""
    try:
        return asyncio.run(_run(asked, births=births, began=began))
    except (ChildFailedError, OpenBaoFailedError, TandemError) as error:
        sys.stderr.write(f"tandem sandbox: {error}\n")
        return 1
