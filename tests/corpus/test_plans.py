"""
Plans that other people's Terraform printed, of whichever versions they had.

The files are not part of this project. `TANDEM_PLANS` names a folder in which any JSON
file may be a plan (what `terraform show -json` prints, as many repositories keep for
their own tests); without it these tests say so and are skipped.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from bot.domain.errors import Refused
from bot.domain.terraform.outline import outline
from bot.domain.terraform.plan import Action
from bot.domain.terraform.plan_reading import read_plan
from tests.domain.terraform.by_jq import as_file, program

FOLDER = os.environ.get("TANDEM_PLANS", "")  # noqa: TID251 - no setting of the product
VERSIONS = 5

pytestmark = pytest.mark.skipif(not FOLDER, reason="TANDEM_PLANS names no folder")

# What Terraform's JSON says of one resource, in a word (JSON Output Format).
WORDS = {
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("read",): Action.READ,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("no-op",): Action.NO_OP,
}


def plans():
    """Return each plan as it stands in its file, and as JSON."""
    for path in sorted(Path(FOLDER or "/nowhere").rglob("*.json")):
        raw = path.read_bytes()
        if b'"resource_changes"' not in raw or b'"terraform_version"' not in raw:
            continue
        told = json.loads(raw)
        if "format_version" in told:
            yield path, raw, told


def happens(told):
    """Return what a plan says happens, address by address, read without our reader."""
    return Counter(
        (one["address"], WORDS[tuple(one["change"]["actions"])])
        for one in told.get("resource_changes") or ()
    )


@pytest.fixture(scope="module")
def read():
    """Every plan that was read, with its JSON; and those that were refused."""
    found, refused = [], []
    for path, raw, told in plans():
        try:
            found.append((path, raw, told, read_plan(raw)))
        except Refused as no:
            refused.append((path, told, no.message))
    return found, refused


def test_they_are_of_several_versions(read):
    versions = Counter(plan.terraform_version for _, _, _, plan in read[0])
    print(f"{versions.total()} plans read, of {len(versions)} versions: {versions}")

    assert len(versions) >= VERSIONS


def test_what_happens_is_read_from_every_one(read):
    for path, _, told, plan in read[0]:
        mine = Counter((one.address, one.action) for one in plan.changes)
        theirs = happens(told)
        quiet = {Action.NO_OP, Action.READ}
        assert {k: n for k, n in mine.items() if k[1] not in quiet} == {
            k: n for k, n in theirs.items() if k[1] not in quiet
        }, path


def test_none_of_a_known_format_is_refused(read):
    for path, told, message in read[1]:
        print(f"refused {told['terraform_version']}: {message.key}")
        assert not told["format_version"].startswith("1."), (path, message)


def test_one_plan_has_one_digest_however_its_json_is_laid_out(read):
    for path, _, told, plan in read[0]:
        again = read_plan(json.dumps(told, sort_keys=True, indent=1).encode())
        assert again.digest == plan.digest, path


def test_what_a_job_applies_is_outlined_by_jq_to_the_same_bytes(read):
    by_jq = program()
    for path, raw, _, _ in read[0]:
        assert by_jq(raw) == as_file(outline(raw)), path
