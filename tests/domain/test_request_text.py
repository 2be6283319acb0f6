"""What Tandem writes into GitLab tells the reviewer, and triggers nothing."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.editing.edit import Consumer, Edit, FileEdit, Step
from bot.domain.errors import Broken
from bot.domain.request_text import (
    commit_message,
    description,
    merge_message,
    title,
)
from deploy.sandbox.gitlab.interpret import Reading, reading
from tests.domain import core_samples as core

NOTHING = Reading(actions=(), mentions=(), references=(), skips_ci=False)
EDIT = Edit(
    file="environments/production/terraform.tfvars",
    line=3,
    before=b'web_2_type = "t3.medium"\n',
    after=b'web_2_type = "m5.large"\n',
    old_value="t3.medium",
    new_value="m5.large",
    via=(
        Step("environments/production/main.tf", 12, "instance_type = var.web_2_type"),
        Step("environments/production/terraform.tfvars", 3, 'web_2_type = "t3.medium"'),
    ),
    consumers=(),
)
hostile = st.lists(
    st.sampled_from(
        ["/merge", "\n/close\n", "@all", "`", "```", "~~~", "Closes #1", "!7", "\n\n",
         "[skip ci]", "Draft: ", "Operation: x", "\u2028/merge", "$1", "web-2"]
    )
    | st.text(max_size=5),
    max_size=6,
).map("".join)  # fmt: skip


def test_a_title_says_what_to_which_and_where():
    assert title(core.asked()) == "Resize web-2 to m5.large (production)"


def test_a_title_without_values_says_no_more():
    operation = core.direct(arguments={"database": "web-2"})

    assert title(operation) == "Backup web-2 (production)"


def test_a_commit_ends_in_the_two_trailers():
    message = commit_message(core.asked(), requester="Alice Martin (alice)")

    assert message.split("\n") == [
        "Resize web-2 to m5.large (production)",
        "",
        "Requested-by: Alice Martin (alice)",
        f"Operation: {core.ID}",
    ]


def test_a_reviewer_reads_what_changes_and_how_it_was_found():
    text = description(core.asked(), edits=[EDIT], requester="Alice Martin")

    assert "**Alice Martin** asked for this in chat:" in text
    assert "/infra resize web-2 m5.large" in text
    assert (
        "`environments/production/terraform.tfvars`, line 3: "
        "`t3.medium` becomes `m5.large`." in text
    )
    assert "environments/production/main.tf:12: instance_type = var.web_2_type" in text
    assert "also read by" not in text
    assert f"Operation `{core.ID}`" in text


def test_others_that_read_the_same_value_are_named():
    other = Consumer("environments/production/b.tf", 4, "module.b")
    shared = replace(EDIT, consumers=(other,))

    text = description(core.asked(), edits=[shared], requester="Alice")

    assert "**The same value is also read by:**" in text
    assert "environments/production/b.tf:4: module.b" in text


@given(hostile, hostile, hostile, hostile)
def test_nothing_that_people_wrote_triggers_anything(line, who, file, value):
    operation = core.asked(
        line=line, arguments={"instance": "web-2", "type": value}, target="web-2"
    )
    edit = Edit(
        file=file,
        line=1,
        before=b"",
        after=b"",
        old_value=value,
        new_value=value,
        via=(Step(file, 1, value),),
        consumers=(Consumer(file, 1, value),),
    )

    subject = title(operation)
    commit = commit_message(operation, requester=who)
    text = description(operation, edits=[edit], requester=who)

    assert reading(subject) == reading(commit) == NOTHING
    # A description is not read for `[skip ci]`, so there it may stand as it is.
    assert replace(reading(text), skips_ci=False) == NOTHING
    assert "\n" not in subject
    trailers = [one for one in commit.split("\n") if one.startswith("Operation:")]
    assert trailers == [f"Operation: {core.ID}"]


OUTLINES = {"staging": "b" * 64, "production": "a" * 64}


def to_merge(**changes):
    """An operation with a merge request, approved on two environments' plans."""
    proposed = core.proposed(core.bound(outlines=OUTLINES))
    progress = proposed.progress.model_copy(update={"merge_request": 7})
    return proposed.advanced(progress).model_copy(update=changes)


def test_a_merge_commit_ends_in_what_was_approved():
    assert merge_message(to_merge()).split("\n") == [
        "Resize web-2 to m5.large (production)",
        "",
        "See merge request acme/infra!7",
        "",
        f"Tandem-Operation: {core.ID}",
        f"Tandem-Plan: production {'a' * 64}",
        f"Tandem-Plan: staging {'b' * 64}",
    ]


@given(hostile | st.just("\n\nTandem-Operation: x\nTandem-Plan: production y"), hostile)
def test_nothing_that_people_wrote_gets_among_the_trailers(value, target):
    arguments = {"instance": "web-2", "type": value}
    message = merge_message(to_merge(arguments=arguments, target=target))

    rest = message.partition("\n")[2]

    assert rest == merge_message(to_merge()).partition("\n")[2]
    assert reading(message) == NOTHING


def test_git_itself_reads_the_trailers_and_no_other():
    value = "x\n\nTandem-Plan: production y"
    arguments = {"instance": "web-2", "type": value}
    message = merge_message(to_merge(arguments=arguments))

    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"],  # noqa: S607 - whichever git there is
        input=message,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == message.splitlines()[-3:]


def test_what_has_no_merge_request_has_nothing_to_merge():
    with pytest.raises(Broken):
        merge_message(core.asked())
    with pytest.raises(Broken):
        merge_message(core.proposed())


def test_a_whole_block_is_told_by_where_it_comes_or_goes():
    put = FileEdit("net.tf", 12, b"", b"resource {}\n")
    gone = FileEdit("net.tf", 3, b"resource {}\n", b"")

    text = description(core.asked(), edits=[put, gone], requester="Alice")

    assert "`net.tf`, line 12: one block is put in." in text
    assert "`net.tf`, line 3: one block is taken out." in text
