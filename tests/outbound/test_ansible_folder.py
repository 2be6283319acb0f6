"""What Ansible is given to read: variables that stay text, files that stay inside."""

from __future__ import annotations

import stat

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.scope import SshScope
from bot.outbound.ansible.folder import lay_out, unsafe_json
from bot.outbound.ansible.job import Job
from bot.outbound.ssh_key import new_key

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["{{ 1 + 1 }}", "{% raw %}", "yes", "0644", "null", "!vault |\n x", "{{ omit }}"]
)
names = st.from_regex(r"[a-z][a-z_]{0,10}", fullmatch=True)


@given(st.dictionaries(names, texts | st.booleans() | st.integers(), max_size=5))
def test_ansible_reads_every_value_back_as_it_was(variables):
    loader = DataLoader()
    read = loader.load(unsafe_json(variables), file_name="/variables.json")

    assert read == variables
    assert all(type(read[one]) is not bool for one in read if variables[one] == "yes")
    # Nothing of it is a template: rendering it again gives the same.
    templar = Templar(loader=loader)
    assert {name: templar.template(value) for name, value in read.items()} == variables


def job_in(folder, **more):
    key = new_key()
    reach = SshScope(
        host="web-host",
        address="127.0.0.1",
        port=22,
        user="ops",
        principal="web-host",
        host_key=key.public,
        python="/usr/bin/python3",
        become=False,
    )
    given_ = {
        "folder": str(folder),
        "reach": reach,
        "private_key": key.private.get_secret_value(),
        "certificate": "ssh-ed25519-cert",
        "files": (("run.yml", "[]"),),
        "entry": "run.yml",
        "variables": {},
        "secrets": {},
        "check": False,
    }
    return Job.model_validate({**given_, **more})


def test_only_its_owner_can_read_what_is_laid_out(tmp_path):
    lay_out(job_in(tmp_path))

    modes = {
        stat.S_IMODE(one.stat().st_mode) for one in tmp_path.rglob("*") if one.is_file()
    }
    assert modes == {0o600}


@pytest.mark.parametrize("path", ["../run.yml", "/etc/cron.d/x", "a/../../b"])
def test_no_file_of_a_playbook_leads_out_of_its_folder(tmp_path, path):
    with pytest.raises(ValueError, match="leads out"):
        lay_out(job_in(tmp_path, files=((path, ""),)))


def test_a_job_that_is_wrong_quotes_nothing_of_itself():
    with pytest.raises(ValueError, match="Job") as wrong:
        Job.model_validate_json('{"private_key": "c4n4ry", "secrets": {"a": 1}}')

    assert "c4n4ry" not in str(wrong.value)
