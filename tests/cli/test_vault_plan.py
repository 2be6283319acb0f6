"""`tandem vault-plan` prints what the bootstrap of Vault takes."""

from __future__ import annotations

import pytest
import yaml

from bot import registry
from deploy.vault.plan import VaultPlan
from tests.cli.conftest import ROOT, SAMPLE

ISSUER = "https://vault.example:8200"


async def test_the_plan_is_one_that_the_bootstrap_takes(bare):
    ended = await bare("vault-plan", "--issuer", ISSUER, "--catalog", str(SAMPLE))

    assert (ended.status, ended.err) == (0, "")
    plan = VaultPlan.model_validate(yaml.safe_load(ended.out))
    assert plan.issuer == ISSUER
    assert [client.name for client in plan.clients] == ["acme", "globex"]


async def test_every_client_gets_every_right_that_this_build_asks_for(bare):
    ended = await bare("vault-plan", "--issuer", ISSUER, "--catalog", str(SAMPLE))

    plan = VaultPlan.model_validate(yaml.safe_load(ended.out))
    forge = {f"gitlab-{one}" for one in ("read", "prepare", "execute")}
    for client in plan.clients:
        names = {action.name for action in client.actions}
        aws = set(registry.load().aws_actions)
        logins = {
            "ssh-web-host",
            "ssh-data-host",
            "tls-web-host",
            *(
                f"db-{server}-{right}"
                for server in ("pg-staging", "my-staging")
                for right in ("read", "make")
            ),
        }
        assert names == forge | aws | (logins if client.name == "acme" else set())


@pytest.mark.parametrize("issuer", ["vault.example", "https://vault.example/v1", ""])
async def test_an_issuer_that_is_no_origin_is_refused(bare, issuer):
    ended = await bare("vault-plan", "--issuer", issuer, "--catalog", str(SAMPLE))

    assert "https://vault.example.com" in ended.complaint


def test_the_readme_s_example_is_the_plan_of_this_build():
    readme = (ROOT / "deploy/vault/README.md").read_text()
    example = readme.partition("```yaml\n")[2].partition("```")[0]

    (client,) = VaultPlan.model_validate(yaml.safe_load(example)).clients

    names = [action.name for action in client.actions if action.kind == "aws"]
    assert names == list(registry.load().aws_actions)
    assert [action.name for action in client.actions if action.kind == "kv"] == [
        f"gitlab-{one}" for one in ("read", "prepare", "execute")
    ]
