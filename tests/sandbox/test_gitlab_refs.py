"""Where branches and tags point: as git has it, however git keeps it."""

from datetime import UTC, datetime

import pytest
import pytest_asyncio

from deploy.sandbox.gitlab.git import ZERO, Repository
from deploy.sandbox.gitlab.git_says import Edit, Signature
from deploy.sandbox.gitlab.refs import UnsureError, pointed, ref_name

ADA = Signature("Ada", "ada@acme.example")
PATH = "/usr/local/bin:/usr/bin:/bin"


class Counted(Repository):
    """A repository that counts what git itself is asked."""

    asked = 0

    async def run(self, *args, **more):
        self.asked += 1
        return await super().run(*args, **more)


async def committed(git, content, *, base=None):
    return await git.write_commit(
        base=base,
        edits=[Edit("a.txt", content)],
        message="Say it",
        author=ADA,
        committer=ADA,
        when=datetime(2026, 11, 1, tzinfo=UTC),
    )


@pytest_asyncio.fixture
async def git(tmp_path):
    found = Counted(tmp_path / "a.git", path=PATH)
    await found.create("main")
    first = await committed(found, b"one\n")
    await found.set_branch("main", new=first, old=ZERO)
    await found.set_branch("team/topic", new=first, old=ZERO)
    return found


async def test_a_branch_is_read_without_a_process(git):
    git.asked = 0

    heads = [await git.branch(name) for name in ("main", "team/topic", "team", "gone")]

    assert heads[0] == heads[1] is not None
    assert heads[2:] == [None, None]
    assert git.asked == 0


async def test_a_branch_that_moved_is_read_anew(git):
    old = await git.branch("main")
    new = await committed(git, b"two\n", base=old)
    before = await git.read("main", "a.txt")
    await git.set_branch("main", new=new, old=old)

    assert await git.branch("main") == new
    assert (before, await git.read("main", "a.txt")) == (b"one\n", b"two\n")
    assert [one.sha for one in await git.commits("main")] == [new, old]


async def test_a_branch_that_is_gone_points_nowhere(git):
    await git.delete_branch("team/topic")

    assert await git.branch("team/topic") is None
    assert await git.resolve("team/topic") is None


async def test_packed_branches_are_asked_of_git(git):
    head = await git.branch("main")
    await git.run("pack-refs", "--all", "--prune")

    with pytest.raises(UnsureError):
        pointed(git.directory, "refs/heads/main")
    assert await git.branch("main") == head
    assert await git.branch("gone") is None


async def test_a_branch_that_points_to_another_is_asked_of_git(git):
    head = await git.branch("main")
    await git.run("symbolic-ref", "refs/heads/alias", "refs/heads/main")

    assert await git.branch("alias") == head


@pytest.mark.parametrize("packed", [False, True])
async def test_a_tag_leads_to_its_commit(git, packed):
    head = await git.branch("main")
    await git.run("tag", "light", head)
    who = {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@acme.example"}
    await git.run("tag", "-m", "with words", "heavy", head, env=who)
    if packed:
        await git.run("pack-refs", "--all", "--prune")

    assert [await git.resolve(name) for name in ("light", "heavy")] == [head, head]
    assert await git.resolve("none") is None


async def test_a_commit_is_found_by_its_whole_and_its_short_id(git):
    head = await git.branch("main")

    assert await git.resolve(head) == head
    assert await git.resolve(head[:8]) == head
    assert await git.resolve(ZERO) is None


async def test_of_a_whole_id_git_is_asked_once(git):
    head = await git.branch("main")
    git.asked = 0

    for _ in range(3):
        assert await git.resolve(head) == head
        assert await git.read(head, "a.txt") == b"one\n"
        assert (await git.entry(head, "a.txt")).mode == "100644"
        assert await git.last_commit_of(head, "a.txt") == head
        assert (await git.commit(head)).author == ADA

    assert git.asked == 5


async def test_what_is_not_there_yet_is_asked_again(git):
    head = await git.branch("main")
    twin = Repository(git.directory.parent / "b.git", path=PATH)
    await twin.create("main")
    new = await committed(git, b"two\n", base=head)
    absent = await twin.resolve(new)

    assert await committed(twin, b"one\n") == head
    assert await committed(twin, b"two\n", base=head) == new

    assert (absent, await twin.resolve(new)) == (None, new)


@pytest.mark.parametrize(
    "name", ["a" * 40, "0123456789" * 4, "a..b", "/a", "a/", "a.lock", "HEAD", "a/.b"]
)
def test_no_branch_is_called_like_a_commit_or_a_path(name):
    assert ref_name(name) is None


@pytest.mark.parametrize("name", ["a" * 39, "a" * 41, "a" * 40 + "-topic", "team/x"])
def test_other_names_are_fine(name):
    assert ref_name(name) == name
