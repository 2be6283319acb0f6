"""A PostgreSQL of one directory: what it lives through, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
from pydantic import SecretStr

from bot.domain.errors import Broken, Unavailable
from bot.outbound.postgres.embedded import MAJOR, Came, EmbeddedPostgres
from bot.outbound.postgres.listen import conninfo

ROOT = Path(__file__).parents[2]
# Owns the directory of its first argument until it is killed.
OWNER = """
import asyncio, sys, time
from pathlib import Path
from bot.outbound.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(asyncio.run(server.start()), flush=True)
time.sleep(60)
"""


@pytest.fixture
def home():
    """A folder that the server's own account can get into."""
    with tempfile.TemporaryDirectory(prefix="tandem-embedded-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def first():
    """A directory with a server that was made, asked, and stopped."""
    with tempfile.TemporaryDirectory(prefix="tandem-embedded-") as name:
        Path(name).chmod(0o711)
        server = EmbeddedPostgres(Path(name) / "server")
        assert asyncio.run(server.start()) is Came.CREATED
        ask(server, "CREATE TABLE kept (it text)")
        asyncio.run(server.stop())
        yield Path(name) / "server"


@pytest.fixture
def stranger():
    """A process that has nothing to do with any of this."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as process:
        yield process
        process.kill()


@pytest.fixture
def directory(home, first):
    """A copy of that directory; whatever runs in it is ended after the test."""
    copy = home / "server"
    # Unlike shutil, it leaves the files with their owner.
    subprocess.run(["/bin/cp", "-a", str(first), str(copy)], check=True)
    yield copy
    kill_server(copy)


def ask(server, statement):
    url = SecretStr(server.url(user="postgres", database="postgres"))
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        found = connection.execute(statement)
        return found.fetchall() if found.description else []


def server_pid(directory):
    return int((directory / "data" / "postmaster.pid").read_text().split()[0])


def kill_server(directory):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
        pid = server_pid(directory)
        if b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def owner_of(directory):
    """Another process that started the server; killed at the end at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(directory)],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.asynccontextmanager
async def started(directory):
    server = EmbeddedPostgres(directory)
    came = await server.start()
    try:
        yield server, came
    finally:
        await server.stop()


# --- an ordinary life


async def test_what_was_written_is_there_after_a_stop_and_a_start(directory):
    async with started(directory) as (server, came):
        ask(server, "INSERT INTO kept VALUES ('x')")
    async with started(directory) as (server, again):
        found = ask(server, "SELECT it FROM kept")

    assert (came, again) == (Came.STARTED, Came.STARTED)
    assert found == [("x",)]
    assert not (directory / "data" / "postmaster.pid").exists()


async def test_it_listens_on_its_socket_alone_and_keeps_what_it_acknowledged(
    directory,
):
    names = ("listen_addresses", "fsync", "synchronous_commit", "data_checksums")

    async with started(directory) as (server, _):
        found = [ask(server, f"SHOW {name}") for name in names]

    assert found == [[("",)], [("on",)], [("on",)], [("on",)]]


async def test_a_server_that_is_left_running_is_adopted(directory):
    server = EmbeddedPostgres(directory)
    await server.start()
    pid = server_pid(directory)
    server.release()

    async with started(directory) as (_, came):
        same = server_pid(directory)

    assert (came, same) == (Came.ADOPTED, pid)


async def test_a_server_that_was_released_leaves_no_zombie_when_it_ends(directory):
    server = EmbeddedPostgres(directory)
    await server.start()
    pid = server_pid(directory)
    server.release()

    async with started(directory):
        pass  # it is adopted, and stopped at the end

    for _ in range(1000):
        if not psutil.pid_exists(pid):
            break
        await asyncio.sleep(0.01)
    assert not psutil.pid_exists(pid)


async def test_stopping_what_does_not_run_changes_nothing(directory):
    server = EmbeddedPostgres(directory)

    await server.stop()

    async with started(directory) as (_, came):
        assert came is Came.STARTED


# --- kill -9


async def test_a_killed_server_comes_back_with_all_that_was_acknowledged(directory):
    async with started(directory) as (server, _):
        ask(server, "INSERT INTO kept VALUES ('x')")
        os.kill(server_pid(directory), signal.SIGKILL)

    async with started(directory) as (server, came):
        found = ask(server, "SELECT it FROM kept")

    assert (came, found) == (Came.STARTED, [("x",)])


async def test_the_server_of_a_killed_process_goes_on_and_is_adopted(directory):
    with owner_of(directory) as owner:
        assert owner.stdout.readline() == "started\n"
        pid = server_pid(directory)
        owner.kill()
        owner.wait()

        async with started(directory) as (server, came):
            same = server_pid(directory)
            ask(server, "INSERT INTO kept VALUES ('x')")

    assert (came, same) == (Came.ADOPTED, pid)
    assert not (directory / "data" / "postmaster.pid").exists()


async def test_a_kill_of_both_loses_nothing_that_was_acknowledged(directory):
    with owner_of(directory) as owner:
        owner.stdout.readline()
        ask(EmbeddedPostgres(directory), "INSERT INTO kept VALUES ('x')")
        owner.kill()
        os.kill(server_pid(directory), signal.SIGKILL)
        owner.wait()

        async with started(directory) as (server, came):
            found = ask(server, "SELECT it FROM kept")

    assert (came, found) == (Came.STARTED, [("x",)])


def wait_for_initdb(directory):
    until = time.monotonic() + 20
    while not list(directory.glob("data.new-*/*")) and time.monotonic() < until:
        time.sleep(0.005)


async def test_a_process_killed_within_initdb_is_begun_again(home):
    directory = home / "server"
    with owner_of(directory) as owner:
        wait_for_initdb(directory)
        owner.kill()
        owner.wait()
        before = (directory / "data").exists()

        async with started(directory) as (server, came):
            found = ask(server, "SELECT 1")

    assert (before, came, found) == (False, Came.CREATED, [(1,)])


# --- one owner


async def test_a_second_owner_is_refused_and_disturbs_nothing(directory):
    with owner_of(directory) as owner:
        owner.stdout.readline()
        second = EmbeddedPostgres(directory)

        with pytest.raises(Broken, match=f"another process runs .*{directory}"):
            await second.start()

        assert ask(second, "SELECT 1") == [(1,)]


async def test_of_two_in_one_process_the_second_is_refused(directory):
    async with started(directory):
        with pytest.raises(Broken, match="another process runs"):
            await EmbeddedPostgres(directory).start()


# --- the lock file of a server that is gone


@pytest.mark.parametrize("left", ["{stranger}\n/x\n", "99999999\n", "", "garbage\n"])
async def test_a_lock_file_that_is_nobody_s_is_no_obstacle(directory, stranger, left):
    text = left.format(stranger=stranger.pid)
    (directory / "data" / "postmaster.pid").write_text(text)

    async with started(directory) as (_, came):
        alive = stranger.poll() is None

    assert (came, alive) == (Came.STARTED, True)


async def test_a_stranger_with_the_server_s_number_is_never_stopped(
    directory, stranger
):
    (directory / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n")

    await EmbeddedPostgres(directory).stop()

    assert stranger.poll() is None


# --- what it refuses


async def test_files_of_another_major_version_are_refused_and_left_alone(directory):
    (directory / "data" / "PG_VERSION").write_text("17\n")

    for _ in range(2):  # The first refusal gives the directory up again.
        with pytest.raises(Broken, match=f"PostgreSQL 17 and the programs are {MAJOR}"):
            await EmbeddedPostgres(directory).start()

    assert (directory / "data" / "base").is_dir()


async def test_programs_that_are_not_there_are_named(home):
    server = EmbeddedPostgres(home / "server", programs=home / "nowhere")

    with pytest.raises(Unavailable, match="initdb: FileNotFoundError"):
        await server.start()


# --- long paths


@contextlib.contextmanager
def socket_of(server):
    """Give the folder of its socket, which is not below the long path."""
    query = urlsplit(server.url(user="x", database="y")).query
    folder = Path(parse_qs(query)["host"][0])
    yield folder
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)


async def test_a_long_path_gets_a_short_socket_folder(home, directory):
    deep = home / "/".join(["a-rather-long-name"] * 6)
    deep.parent.mkdir(parents=True)
    for folder in deep.relative_to(home).parents:
        (home / folder).chmod(0o711)
    directory.rename(deep)

    with socket_of(EmbeddedPostgres(deep)) as folder:
        async with started(deep) as (server, _):
            found = ask(server, "SELECT 1")
            mode = folder.stat().st_mode & 0o777

    assert (found, mode) == ([(1,)], 0o700)
    assert len(str(folder)) < 80
    assert not folder.is_relative_to(home)


@pytest.mark.parametrize("laid", ["link", "open to all"])
async def test_a_socket_folder_that_somebody_else_laid_is_refused(home, laid):
    server = EmbeddedPostgres(home / ("x" * 90))

    with socket_of(server) as folder:
        if laid == "link":
            folder.symlink_to(home)
        else:
            folder.mkdir()
            folder.chmod(0o777)
        with pytest.raises(Broken, match="is not a folder of our own"):
            await server.start()

    assert home.stat().st_uid == os.geteuid()
