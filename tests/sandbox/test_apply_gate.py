"""
What stands before an apply: the template's own lines in `sh`, and the stand-in.

Both must come to the same verdict and leave the same files. `terraform` is a script
here: it prints a plan that the test chose, and writes down that it was asked to apply.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.domain.request_text import merge_message
from bot.domain.terraform.outline import (
    Unapproved,
    outline,
    outline_digest,
    read_unapproved,
)
from deploy.sandbox.terraform.approved import check
from tests.domain import core_samples as core
from tests.domain.terraform.plan_support import entry, plan

TEMPLATE = Path(__file__).parents[2] / "deploy" / "gitlab" / "terraform.gitlab-ci.yml"
PLAN = plan(entry())
DIGEST = outline_digest(outline(PLAN))
OTHER = plan(entry(actions=["delete"]))
NOTHING = plan(entry(actions=["no-op"]))
EMPTY = outline_digest(())
# In order of the script: init, plan, show, show -json, apply.
TERRAFORM = """#!/bin/sh
printf '%s\\n' "$*" >> called
case "$*" in *'show -json'*) cat given.json ;; esac
"""
BY_HAND = f"""Merge branch 'x' into 'main'

Tandem-Plan: production {DIGEST}

See merge request acme/infra!7
"""
ALONE = f"Tandem-Plan: production {DIGEST}\n"
IN_THE_BODY = f"x\n\nTandem-Operation: y\nTandem-Plan: production {DIGEST}\n\nBye\n"
SHELL = "$(touch owned)`touch owned`'; touch owned; '\"$HOME\"\n\n"


def merged(**outlines):
    """The message of a merge that Tandem asked for, on these plans."""
    proposed = core.proposed(core.bound(outlines=outlines))
    progress = proposed.progress.model_copy(update={"merge_request": 7})
    return merge_message(proposed.advanced(progress))


APPROVED = merged(production=DIGEST)
CASES = {
    "the approved plan": (APPROVED, PLAN, "refuse", None),
    "the approved plan, and a new line": (f"{APPROVED}\n", PLAN, "refuse", None),
    "two environments": (
        merged(production=DIGEST, staging=EMPTY), PLAN, "refuse", None),
    "an approved plan of nothing": (
        merged(production=EMPTY), NOTHING, "refuse", None),
    "another plan": (APPROVED, OTHER, "refuse", DIGEST),
    "nothing left to do": (APPROVED, NOTHING, "refuse", DIGEST),
    "another plan, where all is let through": (APPROVED, OTHER, "apply", DIGEST),
    "another environment's plan": (merged(staging=DIGEST), PLAN, "refuse", ""),
    "no plan": (merged(), PLAN, "refuse", ""),
    "no message": ("", PLAN, "refuse", ""),
    "no message, and nothing to do": ("", NOTHING, "refuse", ""),
    "a title that names a plan": (BY_HAND, PLAN, "refuse", ""),
    "nothing but such a title": (ALONE, PLAN, "refuse", ""),
    "such lines before the end": (IN_THE_BODY, PLAN, "refuse", ""),
    "named twice": (f"{APPROVED}\nTandem-Plan: production {EMPTY}", PLAN, "refuse", ""),
    "more after the hash": (f"{APPROVED} ", PLAN, "refuse", ""),
    "other ends of lines": (APPROVED.replace("\n", "\r\n"), PLAN, "refuse", ""),
    "no hash": (APPROVED.replace(DIGEST, "*"), PLAN, "refuse", ""),
    "words for a shell": (f"{SHELL}{APPROVED}", PLAN, "refuse", None),
    "words for a shell alone": (SHELL, PLAN, "refuse", ""),
    "a merge by hand, where that is let through": (BY_HAND, PLAN, "apply", None),
    "no message, where that is let through": ("", PLAN, "apply", None),
}  # fmt: skip


def script(unapproved):
    """The lines that the template's apply job has a shell run."""
    body = TEMPLATE.read_text().split("\n---\n")[1]
    inputs = {"environment": "production", "unapproved": unapproved}
    text = re.sub(
        r"\$\[\[ inputs\.(\w+) \]\]", lambda one: inputs.get(one[1], "x"), body
    )
    return ["set -eu", *yaml.safe_load(text)["apply:production"]["script"]]


def by_shell(folder, message, unapproved):
    """Run the template's lines; tell how they ended and what was called."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "terraform").write_text(TERRAFORM)
    (tools / "terraform").chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", "\n".join(script(unapproved))],  # noqa: S607 - whichever sh there is
        cwd=folder,
        env={
            "PATH": f"{tools}:/usr/bin:/bin",
            "HOME": str(folder),
            "DIRECTORY": "environments/production",
            "CI_COMMIT_MESSAGE": message,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    called = (folder / "called").read_text().splitlines()
    applied = [one for one in called if " apply " in one]
    # It applies the very plan that it looked at, last of all, or not at all.
    assert applied in ([], called[-1:])
    assert bool(applied) == (done.returncode == 0), done.stderr
    return done


def by_standin(folder, message, unapproved):
    said = []
    code = check(
        ["production", unapproved],
        environment={"CI_COMMIT_MESSAGE": message},
        directory=folder,
        say=said.append,
    )
    return code, "\n".join(said)


def left_in(folder):
    """The lines and the note that are there afterwards, as bytes."""
    note = folder / "unapproved.json"
    return (folder / "outline.txt").read_bytes(), note.exists() and note.read_bytes()


@pytest.mark.parametrize(
    ("message", "data", "unapproved", "approved"), CASES.values(), ids=list(CASES)
)
def test_it_applies_what_was_approved_and_refuses_the_rest_with_a_note(
    tmp_path, message, data, unapproved, approved
):
    (tmp_path / "given.json").write_bytes(data)

    done = by_shell(tmp_path, message, unapproved)

    lines, note = left_in(tmp_path)
    assert lines.decode().splitlines() == list(outline(data))
    assert (done.returncode == 0) == (approved is None)
    assert not (tmp_path / "owned").exists()
    if approved is None:
        assert note is False
    else:
        planned = outline_digest(outline(data))
        assert read_unapproved(note) == Unapproved(approved=approved, planned=planned)
        assert "Refused, and nothing was applied" in done.stderr


@pytest.mark.parametrize(
    ("message", "data", "unapproved", "approved"), CASES.values(), ids=list(CASES)
)
def test_the_sandbox_s_stand_in_comes_to_the_same(
    tmp_path, message, data, unapproved, approved
):
    shell, standin = tmp_path / "shell", tmp_path / "standin"
    for folder, name in ((shell, "given.json"), (standin, "plan.json")):
        folder.mkdir()
        (folder / name).write_bytes(data)

    done = by_shell(shell, message, unapproved)
    code, said = by_standin(standin, message, unapproved)

    assert (code == 0) == (done.returncode == 0) == (approved is None)
    assert left_in(standin) == left_in(shell)
    assert ("Refused, and nothing was applied" in said) == (code == 1)


@pytest.mark.parametrize("data", [b"", b"{", b'{"resource_changes": 7}'])
def test_a_plan_that_cannot_be_read_is_never_applied(tmp_path, data):
    # An empty outline was approved: what reads as nothing must not pass for it.
    (tmp_path / "given.json").write_bytes(data)
    (tmp_path / "plan.json").write_bytes(data)
    message = merged(production=EMPTY)

    code, _ = by_standin(tmp_path, message, "refuse")
    done = by_shell(tmp_path, message, "refuse")

    assert code == 1
    assert done.returncode != 0


def test_without_jq_nothing_is_applied(tmp_path):
    (tmp_path / "given.json").write_bytes(NOTHING)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "jq").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "tools" / "jq").chmod(0o755)

    done = by_shell(tmp_path, merged(production=EMPTY), "refuse")

    assert done.returncode != 0


def test_a_note_of_the_repository_s_own_is_not_kept(tmp_path):
    (tmp_path / "given.json").write_bytes(PLAN)
    (tmp_path / "plan.json").write_bytes(PLAN)
    for name in ("unapproved.json", "outline.txt"):
        (tmp_path / name).write_text(json.dumps({"approved": "", "planned": "x"}))

    by_standin(tmp_path, APPROVED, "refuse")
    assert not (tmp_path / "unapproved.json").exists()

    (tmp_path / "unapproved.json").write_text("mine")
    by_shell(tmp_path, APPROVED, "refuse")
    assert not (tmp_path / "unapproved.json").exists()


@pytest.mark.parametrize("words", [[], ["production"], ["production", "perhaps"]])
def test_the_stand_in_says_how_it_is_called(tmp_path, words):
    said = []

    code = check(words, environment={}, directory=tmp_path, say=said.append)

    assert code == 2
    assert said == ["usage: approved-plan ENVIRONMENT refuse|apply"]
