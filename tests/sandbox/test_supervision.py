"""The sandbox's places, its made-up secrets, and the processes it starts and ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.sandbox.births import Births
from deploy.sandbox.places import keep_secret, places, secret
from deploy.sandbox.process import Child, ChildFailedError

ROOT = Path(__file__).parents[2]
# Says that it is there, and what it was started with; then waits.
PART = """
import os, sys, time
print("ready", os.getpid(), *sys.argv[1:], os.environ.get("SECRET", "-"), flush=True)
{more}
time.sleep(60)
"""
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
FAILS = "print('words ' * 1000, 'the last words', flush=True); sys.exit(3)"
# Starts a part as the sandbox does, says its process id, and waits to be killed.
PARENT = """
import asyncio, sys
from pathlib import Path
from deploy.sandbox.births import Births
from deploy.sandbox.process import Child
how = sys.argv[3]
aunt = Births() if how == "forked" else None
births = Births("decimal", fork=how == "forked") if how != "started" else None
async def main(folder):
    child = Child("part", ("part",), log=folder / "log",
                  environment={"PYTHONPATH": sys.argv[2]}, births=births)
    await child.start()
    await child.says("ready")
    print(child.pid, flush=True)
    if how == "forked":
        await aunt.close()
        print("the aunt is gone", flush=True)
    await asyncio.sleep(60)
asyncio.run(main(Path(sys.argv[1])))
"""


def mode(file):
    return file.stat().st_mode & 0o777


def alive(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    return False


def gone(pid, *, within):
    until = time.monotonic() + within
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


# --- where it listens


def test_the_same_ports_are_taken_again(tmp_path):
    first = places(tmp_path, page=0)

    again = places(tmp_path, page=0)

    assert again == first
    ports = {first.page, first.bot, first.gitlab, first.aws}
    assert len(ports) == 4
    assert first.bot_url == f"http://127.0.0.1:{first.bot}"
    assert not list(tmp_path.glob(".*"))


def test_a_port_that_somebody_took_meanwhile_is_replaced_and_the_others_stay(tmp_path):
    first = places(tmp_path, page=0)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", first.gitlab))
        stranger.listen()

        again = places(tmp_path, page=0)

    assert again.gitlab not in {first.page, first.bot, first.gitlab, first.aws}
    assert again.model_copy(update={"gitlab": first.gitlab}) == first
    assert places(tmp_path, page=0) == again


def test_the_page_is_where_it_is_wished(tmp_path):
    wished = places(tmp_path / ".", page=0).page

    assert places(tmp_path, page=wished).page == wished


def test_a_page_somewhere_else_never_takes_another_s_port(tmp_path):
    first = places(tmp_path, page=0)

    again = places(tmp_path, page=first.aws)

    assert again.page == first.aws
    assert again.aws != first.aws


# --- secrets


def test_a_secret_is_made_once_for_this_user_alone(tmp_path):
    first = secret(tmp_path, "slack-bot-token")

    assert secret(tmp_path, "slack-bot-token") == first
    assert secret(tmp_path, "other") != first
    assert len(first) >= 32
    assert mode(tmp_path / "secrets") == 0o700
    assert mode(tmp_path / "secrets" / "slack-bot-token") == 0o600


def test_a_secret_that_something_else_made_is_kept_for_this_user_alone(tmp_path):
    keep_secret(tmp_path, "vault-role-id", "first")
    (tmp_path / "secrets" / "vault-role-id").chmod(0o644)

    keep_secret(tmp_path, "vault-role-id", "second")

    assert secret(tmp_path, "vault-role-id") == "second"
    assert mode(tmp_path / "secrets" / "vault-role-id") == 0o600


def test_what_a_kill_left_half_written_is_no_secret(tmp_path):
    (tmp_path / "secrets").mkdir()
    draft = tmp_path / "secrets" / ".token"
    draft.touch(mode=0o600)
    draft.write_text("ha")

    assert len(secret(tmp_path, "token")) >= 32
    assert mode(tmp_path / "secrets" / "token") == 0o600


# --- children


@pytest.fixture
def part(tmp_path):
    """Write a module `part` that does a little more, and give its path for Python."""

    def write(more=""):
        (tmp_path / "part.py").write_text(PART.format(more=more))
        return f"{ROOT}{os.pathsep}{tmp_path}"

    return write


@pytest_asyncio.fixture(params=["started", "born"])
async def births(request):
    """A nursery to be born from, or none: a child is the same either way."""
    if request.param == "started":
        yield None
        return
    nursery = Births()
    yield nursery
    await nursery.close()


@pytest_asyncio.fixture
async def child(part, births, tmp_path):
    """Start children; those that live at the end of the test are killed."""
    started = []

    async def start(more="", *words, **environment):
        one = Child(
            "part",
            ("part", *words),
            log=tmp_path / "logs" / "part.log",
            environment={"PYTHONPATH": part(more), **environment},
            births=births,
        )
        started.append(one)
        await one.start()
        return one

    yield start
    for one in started:
        await one.kill()


async def test_a_child_has_the_words_and_the_environment_it_was_given_and_no_more(
    child, tmp_path
):
    one = await child(
        "print(sorted(os.environ), flush=True)", "--port", "7", SECRET="x"
    )

    await one.says("]")

    said = (tmp_path / "logs" / "part.log").read_text()
    assert f"ready {one.pid} --port 7 x\n" in said
    assert "'HOME'" not in said
    assert one.alive


async def test_a_child_stops_when_it_is_told(child):
    one = await child()
    await one.says("ready")

    await one.stop()

    assert not one.alive
    assert await one.ended() == -signal.SIGTERM


async def test_a_child_that_does_not_hear_is_made_to_stop(child):
    one = await child(f"{DEAF}; print('deaf', flush=True)")
    await one.says("deaf")

    await one.stop(patience=0.2)

    assert await one.ended() == -signal.SIGKILL


async def test_a_child_that_ends_is_told_with_its_last_words(child):
    one = await child(FAILS)

    with pytest.raises(
        ChildFailedError, match=r"part ended: .*the last words$"
    ) as told:
        await one.says("never said", patience=20)

    assert len(str(told.value)) < 2_100
    assert await one.ended() == 3


async def test_a_child_that_never_gets_ready_is_told_after_a_while(child):
    one = await child()
    await one.says("ready")

    with pytest.raises(ChildFailedError, match=r"is not ready: ready \d+ -"):
        await one.says("never said", patience=0.2)
    with pytest.raises(ChildFailedError, match="does not answer"):
        await one.answers("http://127.0.0.1:1/", patience=0.2)


async def test_words_of_an_earlier_start_do_not_count(child):
    one = await child()
    await one.says("ready")
    await one.kill()
    line = f"ready {one.pid} "

    await one.start()
    await one.says("ready")

    with pytest.raises(ChildFailedError):
        await one.says(line, patience=0.1)


async def test_what_was_not_started_has_no_number_and_no_end(tmp_path):
    one = Child("part", ("part",), log=tmp_path / "log", environment={})

    with pytest.raises(ChildFailedError, match="part was not started"):
        _ = one.pid
    with pytest.raises(ChildFailedError, match="part was not started"):
        await one.ended()
    await one.stop()
    assert not one.alive


@pytest.mark.parametrize("how", ["started", "born", "forked"])
@pytest.mark.parametrize(
    ("more", "seconds"), [("", 3), (f"{DEAF}; print('deaf', flush=True)", 14)]
)
def test_a_child_dies_with_its_parent_however_that_died(
    part, tmp_path, more, seconds, how
):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), part(more), how],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        pid = int(parent.stdout.readline())
        before = alive(pid)
        if how == "forked":  # it holds no end of another nursery's pipes open
            assert parent.stdout.readline() == "the aunt is gone\n"

        parent.kill()
        parent.wait()

    assert (before, gone(pid, within=seconds)) == (True, True)


async def test_a_nursery_that_is_gone_bears_nobody_and_mourns(part, tmp_path):
    nursery = Births()
    words, environment = ("part",), {"PYTHONPATH": part()}
    one = await nursery.bear(words, environment=environment, log=tmp_path / "log")

    await nursery.close()

    assert await one.wait() == -signal.SIGKILL
    assert gone(one.pid, within=5)


async def test_a_nursery_has_soon_prepared_what_its_children_need(part, tmp_path):
    """They start at once, which is all it is for: it is there already."""
    more = "import mimetypes; print('decimal' in sys.modules, mimetypes.inited)"
    words, environment = ("part",), {"PYTHONPATH": part(f"{more}; sys.exit()")}
    nursery = Births("decimal", "mimetypes:init")
    log = tmp_path / "log"
    said = ""

    # Whoever is asked for goes before what is left to prepare.
    async with asyncio.timeout(20):
        while "True True" not in said:
            one = await nursery.bear(words, environment=environment, log=log)
            await one.wait()
            said = log.read_text()

    assert "Traceback" not in said
    await nursery.close()
