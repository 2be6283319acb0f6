"""What a sandbox has in AWS and in GitLab: things, pipelines' variables, the hook."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr

from deploy.sandbox.aws.principal import TERRAFORM_KEY, TERRAFORM_SECRET
from deploy.sandbox.aws.seed import REGION
from deploy.sandbox.aws.seed import seed as seed_aws
from deploy.sandbox.gitlab.seeding import ROOT_TOKEN
from deploy.sandbox.places import secret
from deploy.sandbox.seeding import CLIENTS
from deploy.sandbox.terraform.cloud import Access
from deploy.sandbox.terraform.seed import seed as seed_states

if TYPE_CHECKING:
    from deploy.sandbox.seeding import House
    from deploy.vault.bootstrap import BootstrapReport


async def provide(sandbox: House, report: BootstrapReport) -> None:
    """Put it there; `report` says who AWS may trust of Vault's."""
    subjects = {
        client: tuple(one.subject for one in report.entities if one.client == client)
        for client in CLIENTS
    }
    issuer = f"{sandbox.openbao.address}/v1/identity/oidc"
    await asyncio.to_thread(
        seed_aws, sandbox.places.aws_url, issuer=issuer, subjects=subjects
    )
    await _gitlab(sandbox)


async def _gitlab(sandbox: House) -> None:
    """Give the pipelines their variables and GitLab the hook to the bot."""
    states = sandbox.state / "terraform-states"
    access = Access(
        region=REGION,
        endpoint=sandbox.places.aws_url,
        access_key_id=TERRAFORM_KEY,
        secret_access_key=SecretStr(TERRAFORM_SECRET),
    )
    await seed_states(sandbox.repositories, states=states, access=access)
    variables = {
        "AWS_ENDPOINT_URL": (sandbox.places.aws_url, False),
        "TF_STATE_DIRECTORY": (str(states), False),
        "PLAN_AWS_ACCESS_KEY_ID": (TERRAFORM_KEY, False),
        "PLAN_AWS_SECRET_ACCESS_KEY": (TERRAFORM_SECRET, False),
        "APPLY_AWS_ACCESS_KEY_ID": (TERRAFORM_KEY, True),
        "APPLY_AWS_SECRET_ACCESS_KEY": (TERRAFORM_SECRET, True),
        **{
            name: (value, False)
            for name, value in sandbox.toolchain.environment.items()
        },
    }
    async with httpx.AsyncClient(
        base_url=f"{sandbox.places.gitlab_url}/api/v4",
        headers={"PRIVATE-TOKEN": ROOT_TOKEN},
        trust_env=False,
        timeout=20,
    ) as http:
        for number in (1, 2):
            for key, (value, protected) in variables.items():
                await _variable(http, number, key, value, protected=protected)
            await _hook(http, number, sandbox)


async def _variable(
    http: httpx.AsyncClient, project: int, key: str, value: str, *, protected: bool
) -> None:
    body = {"key": key, "value": value, "protected": protected}
    path = f"/projects/{project}/variables"
    answer = await http.put(f"{path}/{key}", json=body)
    if answer.status_code == httpx.codes.NOT_FOUND:
        answer = await http.post(path, json=body)
    answer.raise_for_status()


async def _hook(http: httpx.AsyncClient, project: int, sandbox: House) -> None:
    path = f"/projects/{project}/hooks"
    body = {
        "url": f"{sandbox.places.bot_url}/gitlab/hooks",
        "token": secret(sandbox.state, "gitlab-hook-secret"),
        "merge_requests_events": True,
        "pipeline_events": True,
        "push_events": False,
    }
    for hook in (await http.get(path)).raise_for_status().json():
        (await http.delete(f"{path}/{hook['id']}")).raise_for_status()
    (await http.post(path, json=body)).raise_for_status()
