"""The pipeline for clients: which jobs it has when, and whom Vault takes them for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hvac
import jwt
import pytest
import pytest_asyncio
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hvac.exceptions import InvalidRequest

from bot.outbound import clock
from deploy.sandbox.gitlab.ci import Context, plan
from deploy.sandbox.openbao import OpenBao

GITLAB = Path(__file__).parents[2] / "deploy" / "gitlab"
VAULT = "https://vault.example:8200"
INPUTS = {
    "client": "acme",
    "environment": "production",
    "directory": "environments/production",
    "vault": VAULT,
    "plan_role_arn": "arn:aws:iam::123456789012:role/ci-plan",
    "apply_role_arn": "arn:aws:iam::123456789012:role/ci-apply",
    "image": "registry.example/terraform@sha256:0",
    "unapproved": "refuse",
}
TOUCHED = ["environments/production/main.tf"]
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_DEFAULT_BRANCH": "main",
}
MAIN = {
    "CI_PIPELINE_SOURCE": "push",
    "CI_COMMIT_BRANCH": "main",
    "CI_DEFAULT_BRANCH": "main",
}
BRANCH = MAIN | {"CI_COMMIT_BRANCH": "mine"}


def halves():
    head, body = (GITLAB / "terraform.gitlab-ci.yml").read_text().split("\n---\n")
    return yaml.safe_load(head)["spec"]["inputs"], body


def filled():
    """The template as GitLab hands it on: inputs put in, anchors resolved."""
    _, body = halves()
    text = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda one: INPUTS[one[1]], body)
    return yaml.safe_load(text)


def jobs(variables, changed=TOUCHED):
    """The jobs that a pipeline gets, as the sandbox's GitLab decides it."""
    known = filled()
    for body in known.values():
        if isinstance(body, dict):
            # These three say nothing of when a job runs.
            body.pop("id_tokens")
            body.pop("after_script")
            body["artifacts"].pop("access")
    text = yaml.safe_dump({"stages": ["plan", "apply"], **known})
    found = plan(text, context=Context(variables, changed)).jobs
    return [job.name for job in found]


def test_every_input_is_used_and_every_use_is_declared():
    declared, body = halves()

    assert set(re.findall(r"inputs\.(\w+)", body)) == set(declared) == set(INPUTS)


def test_a_merge_request_is_planned_and_main_is_applied():
    assert jobs(MERGE_REQUEST) == ["plan:production"]
    assert jobs(MAIN) == ["apply:production"]
    assert jobs(BRANCH) == []


def test_what_touches_another_environment_runs_nothing_here():
    assert jobs(MERGE_REQUEST, ["environments/staging/main.tf"]) == []


def test_no_secret_is_on_a_command_line_or_in_a_variable():
    for name, job in filled().items():
        if name.startswith("."):
            continue
        lines = [*job["before_script"], *job["script"], *job["after_script"]]
        assert not [one for one in lines if "set -x" in one]
        uses = [one for one in lines if "VAULT_ID_TOKEN" in one]
        assert uses == [one for one in uses if one.startswith("printf '%s' ")]
        assert not {"AWS_SECRET_ACCESS_KEY", "VAULT_TOKEN"} & job["variables"].keys()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bao(tmp_path_factory, key):
    """A real OpenBao that holds the roles and policies as they are shipped."""
    server = OpenBao(tmp_path_factory.mktemp("bao") / "bao", durable=False)
    await server.start()
    admin = hvac.Client(server.address, token=server.admin_token().get_secret_value())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    admin.sys.enable_auth_method("jwt")
    admin.write_data(
        "auth/jwt/config",
        data={
            "jwt_validation_pubkeys": [public.decode()],
            "bound_issuer": "https://gitlab.example",
        },
    )
    admin.write_data("identity/oidc/key/tandem", data={"allowed_client_ids": ["*"]})
    for kind in ("plan", "apply"):
        name = f"ci-{kind}-acme-production"
        policy = (GITLAB / "vault" / f"ci-{kind}.hcl").read_text()
        admin.sys.create_or_update_policy(name, policy)
        role = json.loads((GITLAB / "vault" / f"ci-{kind}.json").read_text())
        admin.write_data(f"auth/jwt/role/{name}", data=role)
        admin.write_data(
            f"identity/oidc/role/{name}",
            data={"key": "tandem", "ttl": "5m", "client_id": "sts.amazonaws.com"},
        )
    yield server
    await server.stop()


def token(key, **changes):
    """A token as GitLab signs it for a job of a merge request."""
    now = int(clock.now().timestamp())
    claims = {
        "iss": "https://gitlab.example",
        "aud": VAULT,
        "iat": now,
        "nbf": now - 5,
        "exp": now + 300,
        "sub": "project_path:acme/infra:ref_type:branch:ref:bigger",
        "project_path": "acme/infra",
        "pipeline_source": "merge_request_event",
        "ref_type": "branch",
        "ref": "bigger",
        "ref_protected": "false",
    }
    return jwt.encode(claims | changes, key, algorithm="RS256")


ON_MAIN = {
    "pipeline_source": "push",
    "ref": "main",
    "ref_protected": "true",
    "environment": "production",
}


def log_in(bao, kind, signed):
    client = hvac.Client(bao.address)
    role = f"ci-{kind}-acme-production"
    client.auth.jwt.jwt_login(role=role, jwt=signed)
    return client


def test_each_job_gets_its_own_identity_and_no_other(bao, key):
    planner = log_in(bao, "plan", token(key))
    applier = log_in(bao, "apply", token(key, **ON_MAIN))

    for client, own, other in (
        (planner, "ci-plan", "ci-apply"),
        (applier, "ci-apply", "ci-plan"),
    ):
        found = client.read(f"identity/oidc/token/{own}-acme-production")
        assert found["data"]["client_id"] == "sts.amazonaws.com"
        with pytest.raises(hvac.exceptions.Forbidden):
            client.read(f"identity/oidc/token/{other}-acme-production")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("apply", {}),
        ("apply", {**ON_MAIN, "ref_protected": "false"}),
        ("apply", {**ON_MAIN, "ref": "mine"}),
        ("apply", {**ON_MAIN, "ref_type": "tag"}),
        ("apply", {**ON_MAIN, "environment": "staging"}),
        ("apply", {**ON_MAIN, "pipeline_source": "merge_request_event"}),
        ("apply", {**ON_MAIN, "project_path": "globex/infra"}),
        ("plan", {"project_path": "globex/infra"}),
        ("plan", {"pipeline_source": "schedule"}),
        ("plan", {"aud": "https://elsewhere.example"}),
        ("plan", {"iss": "https://elsewhere.example"}),
        ("plan", {"exp": 1}),
    ],
)
def test_whoever_is_not_exactly_that_job_gets_nothing(bao, key, kind, changes):
    with pytest.raises((InvalidRequest, hvac.exceptions.Forbidden)):
        log_in(bao, kind, token(key, **changes))


def test_a_token_that_somebody_else_signed_gets_nothing(bao):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    with pytest.raises((InvalidRequest, hvac.exceptions.Forbidden)):
        log_in(bao, "plan", token(other))
