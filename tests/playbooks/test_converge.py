"""What a run of the Chef client comes to, by the code that the host has noted of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.domain.catalog import Host
from bot.domain.host import Played
from bot.domain.playbook import Happened, NotVerified, Verified
from bot.outbound.speech import Speech
from playbooks.ansible.converge import Converge

HOST = Host.model_validate(
    {
        "client": "acme",
        "name": "data-host",
        "kind": "host",
        "environment": "staging",
        "description": "x",
        "ssh": {
            "address": "127.0.0.1",
            "user": "ops",
            "principal": "data-host",
            "host_key": "ssh-ed25519 " + "A" * 68,
        },
    }
)
OPERATION = "b" * 20


@dataclass
class Noted:
    """A host on which only `read.yml` is played; it says what was noted."""

    begun: str
    ended: str
    operation: str = OPERATION

    @property
    def host(self):
        return self

    async def play(self, play, *, variables):
        assert play.entry == "read.yml"
        assert variables == {"client": "/usr/bin/chef-client", "operation": OPERATION}
        said = (("begun", self.begun), ("ended", self.ended), ("version", "18"))
        return Played(changed=False, said=said)


def converge():
    return Converge.on(HOST, client="/usr/bin/chef-client")


@pytest.mark.parametrize("code", [0, 35, 37])
async def test_a_run_that_is_through_is_verified_and_says_what_is_left(code):
    found = await converge().verify(Noted(OPERATION, f"{OPERATION} {code}"))

    assert isinstance(found, Verified)
    assert found.facts[0].value == str(code)
    assert len(found.facts) == (2 if code else 1)
    assert all(Speech().say(one.label, language="en") for one in found.facts)


@pytest.mark.parametrize("code", [1, 2, 3, 41, 42, 213, 99])
async def test_a_run_that_is_not_through_is_not_verified_and_says_why(code):
    found = await converge().verify(Noted(OPERATION, f"{OPERATION} {code}"))

    assert isinstance(found, NotVerified)
    assert str(code) in Speech().say(found.reason, language="en")


@pytest.mark.parametrize("ended", ["-", f"{'c' * 20} 0", f"{OPERATION} -", "junk"])
async def test_another_operation_s_end_verifies_nothing(ended):
    found = await converge().verify(Noted(OPERATION, ended))

    assert isinstance(found, NotVerified)


@pytest.mark.parametrize(
    ("begun", "ended", "happened"),
    [
        ("-", "-", Happened.NO),
        ("c" * 20, f"{'c' * 20} 0", Happened.NO),
        (OPERATION, f"{'c' * 20} 0", Happened.UNKNOWN),
        (OPERATION, f"{OPERATION} 1", Happened.YES),
    ],
)
async def test_what_was_noted_tells_whether_it_happened(begun, ended, happened):
    assert await converge().happened(Noted(begun, ended)) is happened
