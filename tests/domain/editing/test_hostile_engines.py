"""Hostile values in edited files, read back literally by the engines that use them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import Refused
from bot.domain.json_text import edit as json_edit
from bot.domain.terraform.address import Address
from bot.domain.terraform.edit import set_attribute
from bot.domain.terraform.literal import NotWritableError, quote
from bot.domain.terraform.variables import set_variable
from bot.domain.yaml_text import edit as yaml_edit
from tests.domain.editing.hostile import HOSTILE, TEMPLATES

ANSIBLE = Path(sys.executable).with_name("ansible-playbook")
PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars_files: [vars.yml]
  tasks:
    - ansible.builtin.copy:
        content: "{{ found | to_json }}"
        dest: "{{ playbook_dir }}/found.json"
        mode: "0600"
"""


def writable(value):
    """Whether HCL can hold the text at all."""
    try:
        quote(value)
    except NotWritableError:
        return False
    return True


# What Jinja would take for a template is one more text to Terraform.
FOR_HCL = [one for one in (*HOSTILE, *TEMPLATES) if writable(one)]


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """Return what the real Terraform makes of an expression beside some files."""
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed")
    home = tmp_path_factory.mktemp("console")
    (home / "rc").touch()

    def ask(files, expression):
        folder = tmp_path_factory.mktemp("module")
        for name, source in files.items():
            (folder / name).write_bytes(source)
        done = subprocess.run(
            [terraform, "console"],
            input=f"base64encode(jsonencode({expression}))\n".encode(),
            cwd=folder,
            capture_output=True,
            check=False,
            timeout=90,
            env={
                "CHECKPOINT_DISABLE": "1",
                "HOME": str(home),
                "TF_CLI_CONFIG_FILE": str(home / "rc"),
            },
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(base64.b64decode(json.loads(done.stdout)))

    return ask


def test_terraform_reads_hostile_values_of_variables_files_literally(console):
    names = [f"v{number}" for number in range(len(FOR_HCL))]
    declared = "".join(f'variable "{name}" {{}}\n' for name in names).encode()
    source = "".join(f'{name} = "OLD"\n' for name in names).encode()
    for name, value in zip(names, FOR_HCL, strict=True):
        edit = set_variable(source, file="terraform.tfvars", path=(name,), value=value)
        source = edit.after

    found = console(
        {"main.tf": declared, "terraform.tfvars": source},
        f"[{', '.join(f'var.{name}' for name in names)}]",
    )

    assert found == FOR_HCL


def test_terraform_reads_hostile_values_of_code_literally(console):
    names = [f"v{number}" for number in range(len(FOR_HCL))]
    parts = [
        f'locals {{\n  {name} = "OLD"\n}}\n'
        f'resource "terraform_data" "{name}" {{\n  input = local.{name}\n}}\n'
        for name in names
    ]
    source = "".join(parts).encode()
    for name, value in zip(names, FOR_HCL, strict=True):
        edit = set_attribute(
            {"main.tf": source},
            root="",
            address=Address("terraform_data", name),
            attribute="input",
            value=value,
        )
        source = edit.after

    found = console(
        {"main.tf": source}, f"[{', '.join(f'local.{name}' for name in names)}]"
    )

    assert found == FOR_HCL


def test_ansible_reads_hostile_values_literally(tmp_path):
    if not ANSIBLE.exists():
        pytest.skip("ansible-core is not installed")
    held = "".join(f"  - 'OLD {number}'\n" for number in range(len(HOSTILE)))
    source = f"found:\n{held}".encode()
    for number, value in enumerate(HOSTILE):
        path = ("found", number)
        edit = yaml_edit.set_value(source, file="vars.yml", path=path, value=value)
        source = edit.after
    (tmp_path / "vars.yml").write_bytes(source)
    (tmp_path / "play.yml").write_text(PLAY)

    done = subprocess.run(
        [ANSIBLE, "-i", "localhost,", "play.yml"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=110,
        env={
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "PATH": "/usr/bin:/bin",
        },
    )

    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert json.loads((tmp_path / "found.json").read_text("utf-8")) == HOSTILE


@pytest.mark.parametrize("value", TEMPLATES)
def test_what_ansible_would_run_is_refused_in_yaml(value):
    source = b"found: 'OLD'\n"

    with pytest.raises(Refused) as refusal:
        yaml_edit.set_value(source, file="vars.yml", path=("found",), value=value)

    assert refusal.value.message.key == "refused.editing-template"


@pytest.mark.parametrize("value", [*HOSTILE, *TEMPLATES])
def test_a_json_loader_reads_hostile_values_literally(value):
    source = b'{ "found": "OLD", "next": 1 }\n'

    edit = json_edit.set_value(source, file="a.json", path=("found",), value=value)

    assert json.loads(edit.after) == {"found": value, "next": 1}
