"""The sample's own repositories are an example of what its guidelines ask for."""

import pytest

from bot import registry
from bot.domain.guidelines import ChangedFile, review
from bot.outbound.catalog import load
from tests.sandbox.terraform_support import REPOSITORIES

CATALOG = REPOSITORIES.parent / "catalog"


@pytest.mark.parametrize(("client", "has_guide"), [("acme", True), ("globex", False)])
def test_a_seeded_repository_fulfils_its_client_s_guidelines(client, has_guide):
    guide = load(CATALOG, commands=registry.load().commands).client(client).guidelines
    folder = REPOSITORIES / f"{client}-infra"
    files = [
        ChangedFile(path.relative_to(folder).as_posix(), None, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]

    found = review(files, guide=guide)

    assert bool(guide.folders and guide.tags) is has_guide
    # Each file is new here, and so is the pipeline's own: that alone is pointed out.
    assert {(one.rule, one.path) for one in found} == {("pipeline", ".gitlab-ci.yml")}
