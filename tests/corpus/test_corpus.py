"""
The editing engine on files that other people wrote.

The files are not part of this project. `TANDEM_CORPUS` names a folder with one folder a
project in it, such as checkouts of public repositories; without it these tests say so
and are skipped. `test_generated.py` runs always, on files made up on the spot.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.corpus.terraform_trial import terraform_trial, unformatted
from tests.corpus.text_trial import json_trial, yaml_trial

FOLDER = os.environ.get("TANDEM_CORPUS", "")  # noqa: TID251 - no setting of the product
LEAST = 1000

pytestmark = [
    pytest.mark.skipif(not FOLDER, reason="TANDEM_CORPUS names no folder of files"),
    pytest.mark.timeout(3600),
]


@pytest.fixture(scope="module")
def terraform_book():
    return terraform_trial(Path(FOLDER))


def test_every_edit_of_terraform_changes_what_was_meant_and_nothing_else(
    terraform_book,
):
    print(terraform_book.told("terraform"))

    assert not terraform_book.wrong
    assert terraform_book.accepted.total()


def test_what_was_formatted_stays_formatted(terraform_book, tmp_path):
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no terraform on PATH")
    before = unformatted(
        [one for _, one, _ in terraform_book.edited], tmp_path / "before", terraform
    )
    after = unformatted(
        [one for _, _, one in terraform_book.edited], tmp_path / "after", terraform
    )
    print(f"{len(terraform_book.edited) - len(before)} were formatted before")

    assert [terraform_book.edited[one][0] for one in sorted(after - before)] == []


@pytest.mark.parametrize("trial", [yaml_trial, json_trial])
def test_every_edit_of_yaml_and_json_changes_one_value(trial):
    book = trial(Path(FOLDER))
    print(book.told(trial.__name__))

    assert not book.wrong
    assert book.accepted.total()


def test_the_corpus_is_large_enough_to_say_anything(terraform_book):
    assert terraform_book.files >= LEAST
