"""What every playbook and observation declares."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Broken
from bot.domain.playbook import LiveState, Playbook
from playbooks.aws import ec2_instance, rds_snapshot

pairs = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=4)


@pytest.mark.parametrize(
    ("declared", "module", "name"),
    [
        (rds_snapshot.RdsSnapshot, rds_snapshot, "aws.rds_snapshot"),
        (ec2_instance.InstanceType, ec2_instance, "aws.ec2_instance"),
    ],
)
def test_a_procedure_carries_its_name_and_the_hash_of_its_source(
    declared, module, name
):
    source = Path(module.__file__).read_bytes()

    assert declared.name == name
    assert declared.source_hash == hashlib.sha256(source).hexdigest()


@pytest.mark.parametrize("name", ["x", "aws.", "aws/x", "../x.y", "AWS.x", "aws.x\n"])
def test_a_name_is_folder_and_file(name):
    with pytest.raises(Broken):

        class Wrong(Playbook, name=name):
            pass


@given(pairs, pairs)
def test_fingerprints_differ_as_soon_as_anything_does(one, other):
    first, second = LiveState(items=tuple(one)), LiveState(items=tuple(other))

    assert (first.fingerprint == second.fingerprint) == (one == other)


def test_a_value_that_was_not_read_is_nothing():
    state = LiveState(items=(("state", "running"),))

    assert state.value("state") == "running"
    assert state.value("colour") is None


def test_every_scope_has_a_name_that_the_procedure_may_lend_by():
    snapshot = rds_snapshot.RdsSnapshot(
        database="acme-db-prod", region="eu-west-3", account="123456789012"
    )
    instance = ec2_instance.InstanceType(region="eu-west-3", name_tag="web-2")

    names = (snapshot.preview_scope().name, snapshot.scope("abc").name)

    assert names == snapshot.actions()
    assert (instance.scope().name,) == instance.actions()
