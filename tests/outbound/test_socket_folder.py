"""The embedded server's socket, when its own folder's path is too long for one."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.domain.errors import Broken
from bot.outbound.postgres.embedded import EmbeddedPostgres


@pytest.fixture
def server(tmp_path):
    return EmbeddedPostgres(tmp_path / ("long" * 30), programs=Path("/nowhere"))


@pytest.fixture
def folder(server):
    """Where its socket will be: a folder that anybody could have made before."""
    address = server.url(user="postgres", database="x")
    found = Path(parse_qs(urlsplit(address).query)["host"][0])
    yield found
    if found.is_symlink():
        found.unlink()
    shutil.rmtree(found, ignore_errors=True)


async def test_a_folder_that_others_may_enter_is_refused(server, folder):
    folder.mkdir()
    folder.chmod(0o755)

    with pytest.raises(Broken, match="not a folder of our own"):
        await server.start()


async def test_a_link_to_a_folder_is_refused(server, folder, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Broken, match="not a folder of our own"):
        await server.start()


async def test_a_folder_that_is_ours_alone_is_taken(server, folder):
    folder.mkdir(mode=0o700)

    with pytest.raises(Exception, match="initdb"):
        await server.start()

    server.release()
