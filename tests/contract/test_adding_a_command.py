"""docs/adding-a-command.md, followed to the letter."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from bot import registry
from bot.domain.playbook import LiveState
from bot.domain.way_back import Before, WayBack
from bot.outbound.catalog import load
from bot.outbound.speech import Speech

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "adding-a-command.md").read_text(encoding="utf-8")
ACME = load(ROOT / "deploy" / "sandbox" / "catalog").client("acme")


@pytest.fixture
def shrink(tmp_path):
    """The guide's one file, saved under the name that the guide gives it."""
    (code,) = re.findall(
        r"`commands/shrink\.py`:\n\n```python\n(.*?)```", GUIDE, re.DOTALL
    )
    file = tmp_path / "shrink.py"
    file.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("shrink", file)
    module = importlib.util.module_from_spec(spec)
    # Registered while it is defined: a class looks its own module up.
    sys.modules["shrink"] = module
    spec.loader.exec_module(module)
    yield registry.load(module).commands["shrink"]
    del sys.modules["shrink"]


def test_the_guide_s_file_alone_is_a_command(shrink):
    made = shrink(instance="web-2")

    change = made.change(ACME.target("web-2"), ACME)

    (edit,) = change.edits
    assert (edit.attribute, edit.value) == ("instance_type", "t3.micro")
    assert change.effect.expected == {"instance_type": "t3.micro"}
    for language in ("en", "fr"):
        assert "web-2" in Speech().say(change.title, language=language)


def test_its_way_back_is_shown(shrink):
    back = shrink(instance="web-2").undo(
        Before(state=LiveState(items=()), value="m5.large")
    )

    assert back == WayBack(
        command="resize", arguments={"instance": "web-2", "type": "m5.large"}
    )


def test_what_the_guide_names_is_there():
    for path in re.findall(r"`((?:commands|tests|playbooks)/[\w/.-]+)`", GUIDE):
        assert path == "commands/shrink.py" or (ROOT / path).exists(), path
    targets = set(re.findall(r"^    make (\w+)", GUIDE, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{name}:" in makefile for name in targets)
