"""What Ansible writes down of its events for ansible-runner holds no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.outbound.ansible import child
from bot.outbound.ansible.folder import KEY, SECRET, VARIABLES, unsafe_json
from bot.outbound.ansible.hiding import hide, hide_in

CANARY = 'canary-"7c1f-quoted'
LINE = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"
PRIVATE = (
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{LINE}\n-----END OPENSSH PRIVATE KEY-----\n"
)
PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: tell it
      ansible.builtin.set_stats:
        data: {told: "{{ password }}", line: "{{ line }}", plain: "{{ plain }}"}
    - name: fail with it
      ansible.builtin.fail: {msg: "{{ {'inside': password} | to_json }} is wrong"}
"""


@pytest.fixture
def base(tmp_path):
    """A play's folder, as `lay_out` fills it."""
    variables = {"password": CANARY, "line": LINE, "plain": "blue"}
    (tmp_path / VARIABLES).write_text(unsafe_json(variables))
    (tmp_path / SECRET).write_text(json.dumps(["password"]))
    (tmp_path / KEY).write_text(PRIVATE)
    (tmp_path / "ansible.cfg").write_text("[defaults]\n")
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "events").mkdir()
    return tmp_path


def test_events_are_written_without_what_the_play_was_lent(base):
    # Without ansible-runner, which removes each file as soon as it has read it.
    ended = subprocess.run(
        [
            Path(sys.executable).parent / "ansible-playbook",
            *("-i", "here,", "-c", "local", "-e", f"@{base / VARIABLES}"),
            base / "play.yml",
        ],
        env={
            "PATH": os.defpath,
            "HOME": str(base),
            "ANSIBLE_CONFIG": str(base / "ansible.cfg"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(child.__file__).parent / "callback"),
            "ANSIBLE_STDOUT_CALLBACK": "awx_display",
            "AWX_ISOLATED_DATA_DIR": str(base / "events"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    events = [one.read_text() for one in (base / "events").rglob("*.json")]
    assert len(events) > 4, ended.stderr
    names = {json.loads(one)["event"] for one in events}
    assert {"runner_on_failed", "playbook_on_stats"} <= names
    told = "".join(events)
    assert "blue" in told
    assert "•••" in json.dumps([json.loads(one) for one in events], ensure_ascii=False)
    assert "canary" not in told
    assert LINE not in told
    assert "OPENSSH" not in told


def test_a_secret_is_hidden_in_names_lists_and_as_json_has_it():
    given = {CANARY: [json.dumps({"a": CANARY}), ("x", 1, None, True)]}

    found = hide_in(given, secrets=(CANARY,))

    assert found == {"•••": ['{"a": "•••"}', ["x", 1, None, True]]}


def test_each_line_of_a_key_is_one_and_a_short_word_is_not():
    assert hide(f"of {LINE}, cut", secrets=(PRIVATE,)) == "of •••, cut"
    assert hide("abc is no secret", secrets=("abc",)) == "abc is no secret"


def test_the_longer_of_two_secrets_goes_whole():
    assert hide("open-sesame-now", secrets=("open-sesame", "open-sesame-now")) == "•••"
