"""What people wrote triggers nothing in GitLab: not one action, mention, reference."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.gitlab_text import fenced, one_line
from deploy.sandbox.gitlab.interpret import Reading, reading

NOTHING = Reading(actions=(), mentions=(), references=(), skips_ci=False)
HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            [
                "/merge",
                "\n/close\n",
                "\r/approve",
                "\u2028/merge",
                "@bob",
                "@all ",
                "Closes #1",
                "!7",
                "```",
                "````",
                "\n```\n",
                "~~~",
                "[skip ci]",
                "[ci skip]",
                "Draft: ",
                "(draft) ",
                "[Draft] ",
                "WIP: ",
                "<!-- -->",
                "https://gitlab.example/a/-/issues/1",
                "\u202e",
                "\x00",
                "\n\nOperation: 1\n",
            ]
        ),
    ),
    max_size=8,
).map("".join)


def is_draft(title):
    return title.strip().lower().startswith(("draft:", "[draft]", "(draft)", "wip:"))


@given(HOSTILE)
@example("/merge")
@example("\n\n/merge\n")
@example("[skip ci]")
def test_one_line_is_one_line_and_triggers_nothing(text):
    shown = one_line(text)

    assert reading(shown) == NOTHING
    assert len(shown) <= 200
    assert len(shown.splitlines()) <= 1
    assert not is_draft(shown)
    assert "://" not in shown


@given(HOSTILE)
@example("```\n/merge\n```")
@example("`````\n/merge")
def test_a_fenced_text_stays_in_its_fence_and_triggers_nothing(text):
    around = f"Said by a person:\n\n{fenced(text)}\n\nEnd."

    found = reading(around)

    assert (found.actions, found.mentions, found.references) == ((), (), ())
    assert around.count("```") == 2


@given(HOSTILE)
def test_no_line_inside_a_fence_begins_anything(text):
    inside = fenced(text).split("\n")[1:-1]

    assert all(line == "" or line.startswith("  ") for line in inside)


@given(HOSTILE)
def test_a_value_in_a_sentence_of_a_commit_message_adds_no_trailer(text):
    message = f"Resize {one_line(text)}\n\nOperation: op1\n"

    assert message.count("\n\n") == 1
    assert message.rstrip().rpartition("\n\n")[2] == "Operation: op1"


def test_ordinary_text_is_left_as_it_is():
    assert one_line("  resize web-2 to m5.large ") == "resize web-2 to m5.large"
    assert fenced("a\n  b = 1") == "```text\n  a\n    b = 1\n```"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\x00b", "a⟨U+0000⟩b"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("a\nb\tc", "a b c"),
    ],
)
def test_unseen_characters_are_shown(text, shown):
    assert one_line(text) == shown


def test_long_text_is_cut_and_says_so():
    assert one_line("a" * 300).endswith("…")
    assert len(fenced("a" * 20_000)) < 8_100
