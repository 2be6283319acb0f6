"""
`/infra nfs create` on a real host: exportfs takes the line, or all is as it was.

What could not be tried: the kernel of a container has no nfsd, so nothing is mounted.
What exportfs has in its table is read back from exportfs.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.operation import State

EXPORTS = Path("/etc/exports.d")
INVENTORY = "clients/acme/inventory.yaml"
LINE = "nfs create media 1M for web-host on data-host"

# Ten plays over SSH, on a machine that may be busy.
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        os.getuid() != 0 or shutil.which("exportfs") is None,
        reason="only root may export, and exportfs must be there",
    ),
]


async def exportfs(*flags):
    process = await asyncio.create_subprocess_exec(
        "exportfs", *flags, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out.decode()


@pytest.fixture
def exports():
    """The folder that exportfs reads, as it was before."""
    there = EXPORTS.exists()
    EXPORTS.mkdir(exist_ok=True)
    yield EXPORTS
    for name in ("media", "broken"):
        (EXPORTS / f"{name}.exports").unlink(missing_ok=True)
    if not there:
        EXPORTS.rmdir()


@pytest_asyncio.fixture(loop_scope="session")
async def root(ops, data, exports, tmp_path):
    """The folder of shares."""
    folder = tmp_path / "nfs"
    folder.mkdir()
    await ops.edits_catalog(INVENTORY, "root: /srv/nfs", f"root: {folder}")
    yield folder
    (exports / "broken.exports").unlink(missing_ok=True)
    (exports / "media.exports").unlink(missing_ok=True)
    await exportfs("-ra")


# In the page it is told by `test_every_row`, whose effect is the same.
@pytest.mark.long
async def test_a_share_is_exported_to_the_named_host_and_to_no_other(ops, root):
    card = await ops.alice.asks(LINE)
    shown = (root / "media").exists()
    await ops.bob.approves(card)

    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.DONE, ended.operation.outcome
    assert not shown
    assert (root / "media").is_dir()
    (line,) = [one for one in (await exportfs("-s")).splitlines() if "media" in one]
    assert line.split("(")[0].split() == [str(root / "media"), "127.0.0.1"]
    assert "root_squash" in line
    assert "+" + str(root / "media") in card.operation.proposal.diff
    assert [one.key for one in card.operation.proposal.findings] == [
        "playbook.nfs.no-limit"
    ]


@pytest.mark.long
async def test_what_exportfs_does_not_take_is_taken_back(ops, root, exports):
    broken = exports / "broken.exports"
    card = await ops.alice.asks(LINE)
    await ops.bob.approves(card)
    broken.write_text(f"{root} 127.0.0.1(rw,bogus)\n")

    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.FAILED
    assert 'unknown keyword "bogus"' in ended.operation.outcome.args["reason"]
    assert not (exports / "media.exports").exists()
    assert not (root / "media").exists()
    assert broken.exists()


@pytest.mark.long
@pytest.mark.parametrize(
    ("before", "line", "key"),
    [
        ("", LINE.replace("1M", "9999T"), "playbook.nfs.no-room"),
        ("media", LINE, "playbook.nfs.folder-already"),
    ],
)
async def test_a_share_without_room_or_with_a_folder_is_refused(
    ops, root, before, line, key
):
    (root / before).mkdir(exist_ok=True)

    card = await ops.alice.asks(line)

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == key


@pytest.mark.long
@pytest.mark.parametrize(
    "line",
    [
        "nfs create media 1M for nobody on data-host",
        "nfs create media 1M for db-prod on data-host",
        "nfs create media 1M for web-host on web-host",
        "nfs create ../x 1M for web-host on data-host",
        'nfs create "a b" 1M for web-host on data-host',
        "nfs create media 1M for *(rw) on data-host",
        'nfs create media 1M for "web-host(rw) *" on data-host',
        "nfs create media -1 for web-host on data-host",
    ],
)
async def test_what_is_no_name_no_size_or_no_host_reaches_no_host(ops, data, line):
    before = data.visits()

    answer = await ops.alice.says(line)

    assert answer.key != "asked.noted"
    assert data.visits() == before
