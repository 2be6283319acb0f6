"""`tandem policy`: the rules listed, and asked for anybody; nothing is recorded."""

from __future__ import annotations

import pytest

from tests.cli.conftest import plain, spoil


async def test_the_rules_of_a_client_are_listed_with_place_and_reason(tandem):
    ended = await tandem("policy", "list", "--client", "acme")

    assert ended.status == 0, ended
    assert (
        "clients/acme/policies/acme.cedar:4  forbid  "
        "acme-trainees-leave-the-staging-database  Acme's testers work"
    ) in ended.out
    assert "tandem:default.cedar:9  permit  clients-ask  Developers and" in ended.out


async def test_another_client_s_rules_are_not_listed(tandem):
    ended = await tandem("policy", "list", "--client", "globex")

    assert "acme" not in ended.out.lower()


async def test_a_member_s_yes_is_explained(tandem, store):
    ended = await tandem("policy", "explain", "alice", "backup", "db-prod")

    assert ended.status == 0, ended
    assert "Yes, you may ask for “backup db-prod”, by the rule clients-ask" in ended.out
    assert await store.records("acme") == ()


async def test_a_member_s_no_is_explained(tandem):
    ended = await tandem("policy", "explain", "ines", "resize", "web-2", "m5.large")

    assert ended.status == 0, ended
    assert "trainees-stay-out-of-production (policies/everybody.cedar:" in ended.out
    assert "Alice Martin" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("alcie", "backup", "db-prod"), "Meant may be: alice"),
        (("bob", "backup", "db-prod"), "Known: acme, globex"),
        (("bob", "backup", "db-prod", "--client", "acme"), ""),
        (("gina", "backup", "db-prod", "--client", "acme"), "another company"),
        (("henri", "backup", "db-prod"), "deactivated"),
        (("alice", "bakcup", "db-prod"), "There is no command"),
    ],
)
async def test_who_and_where_must_be_said(tandem, words, said):
    ended = await tandem("policy", "explain", *words)

    assert (said in ended.complaint) if said else ended.status == 0, ended


async def test_the_schema_is_printed_for_those_who_write_policies(bare):
    ended = await bare("policy", "schema")

    assert 'action ask, decide, cancel, "break-glass" appliesTo' in plain(ended.out)


async def test_check_counts_the_rules_of_each_client(bare, catalog):
    ended = await bare("check", "--catalog", str(catalog))

    assert "policies of acme: 17 (2 in clients/acme/policies/acme.cedar, " in ended.out
    assert "policies of globex: 15 (4 in policies/everybody.cedar, " in ended.out


async def test_check_refuses_a_wrong_policy_with_its_line(bare, catalog):
    line = spoil(catalog, "policies/everybody.cedar", "context.risk", "context.rsik")

    ended = await bare("check", "--catalog", str(catalog))

    assert f"policies/everybody.cedar:{line}:" in ended.complaint
    assert "rsik" in ended.complaint
