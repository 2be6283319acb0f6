"""The stand-in, driven as the pipeline drives it, against an account of moto's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.terraform.configuration import Configuration
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.evaluate import evaluate
from deploy.sandbox.terraform.state import locked
from deploy.sandbox.terraform.toolchain import NoRealTerraformError, toolchain
from tests.sandbox.terraform_support import (
    REPOSITORIES,
    Account,
    Checkout,
    empty,
    last_json,
    moto_account,
)


def changed(plan: dict, address: str) -> set[str]:
    """Return the attributes of that address that differ, as a reviewer would."""
    (found,) = (c for c in plan["resource_changes"] if c["address"] == address)
    before, after = found["change"]["before"], found["change"]["after"]
    return {key for key in after if after[key] != before[key]}


ENVIRONMENTS = [
    ("acme", "production"),
    ("acme", "staging"),
    ("globex", "production"),
    ("globex", "staging"),
]


@pytest.fixture(scope="module")
def endpoint():
    with moto_account() as found:
        yield found


@pytest.fixture
def bare(endpoint, tmp_path):
    empty(endpoint)
    checkouts = tmp_path / "checkouts"
    checkouts.mkdir()
    return Account(endpoint, tmp_path / "states", checkouts)


@pytest.fixture
async def account(bare):
    await bare.seed()
    return bare


@pytest.fixture
def production(account):
    return account.checkout("acme", "production").init()


@pytest.fixture
def offline(tmp_path):
    """Return a checkout with an empty state, where no cloud answers."""
    (tmp_path / "checkouts").mkdir()
    nowhere = Account("http://127.0.0.1:1", tmp_path / "s", tmp_path / "checkouts")
    found = nowhere.checkout("acme", "production").init()
    # What data blocks name is looked up before anything else is said.
    (found.directory / "network.tf").unlink()
    return found


def planned(checkout: Checkout, capsys) -> dict:
    assert checkout.terraform("plan", "-input=false", "-out=plan.bin") == 0
    capsys.readouterr()
    assert checkout.terraform("show", "-json", "plan.bin") == 0
    return last_json(capsys.readouterr().out)


def actions(plan: dict) -> dict[str, list[str]]:
    changes = {c["address"]: c["change"]["actions"] for c in plan["resource_changes"]}
    return {address: done for address, done in changes.items() if done != ["no-op"]}


@pytest.mark.parametrize(("client", "environment"), ENVIRONMENTS)
async def test_the_first_plan_of_every_sample_says_no_changes(
    account, capsys, client, environment
):
    checkout = account.checkout(client, environment).init()

    code = checkout.terraform("plan", "-detailed-exitcode", "-out=plan.bin")

    assert code == 0
    assert "No changes." in capsys.readouterr().out


@dataclass(frozen=True)
class Resize:
    """One server of the samples, and the line that decides its size."""

    name: str
    client: str
    environment: str
    file: str
    line: str
    address: str


RESIZES = [
    Resize(
        "web-2",
        "acme",
        "production",
        "main.tf",
        '"web-2" = { instance_type = "t3.medium" }',
        'aws_instance.web["web-2"]',
    ),
    Resize(
        "web-staging",
        "acme",
        "staging",
        "terraform.tfvars",
        'instance_type = "t3.small"',
        "aws_instance.web_staging",
    ),
    Resize(
        "shop-1",
        "globex",
        "production",
        "main.tf",
        'instance_type = "t3.large"',
        "aws_instance.shop_1",
    ),
    Resize(
        "shop-staging",
        "globex",
        "staging",
        "main.tf",
        'size = "t3.small"',
        "aws_instance.shop_staging",
    ),
]


@pytest.mark.parametrize("wanted", RESIZES, ids=lambda wanted: wanted.name)
async def test_one_edited_line_resizes_one_instance(account, capsys, wanted):
    checkout = account.checkout(wanted.client, wanted.environment).init()
    before = account.instance(wanted.name)
    edited = re.sub(r"t3\.[a-z]+", "m5.large", wanted.line)
    checkout.edit(wanted.file, wanted.line, edited)

    plan = planned(checkout, capsys)
    applied = checkout.terraform("apply", "-input=false", "plan.bin")

    assert actions(plan) == {wanted.address: ["update"]}
    assert changed(plan, wanted.address) == {"instance_type"}
    assert applied == 0
    after = account.instance(wanted.name)
    assert after["InstanceId"] == before["InstanceId"]
    assert after["InstanceType"] == "m5.large"
    assert after["State"]["Name"] == "running"
    assert checkout.terraform("plan", "-detailed-exitcode") == 0


async def test_pending_changes_are_exit_code_2_when_asked_for(production):
    production.edit("main.tf", '{ instance_type = "t3.medium"', '{ instance_type = "x"')

    assert production.terraform("plan", "-detailed-exitcode") == 2
    assert production.terraform("plan") == 0


async def test_a_plan_is_stale_once_the_state_moved_on(production, capsys):
    production.edit("main.tf", "t3.medium", "t3.large")
    production.terraform("plan", "-out=first.bin")
    production.terraform("plan", "-out=second.bin")
    assert production.terraform("apply", "second.bin") == 0

    code = production.terraform("apply", "first.bin")

    assert code == 1
    assert "Saved plan is stale" in capsys.readouterr().err


async def test_edits_after_the_plan_do_not_change_what_is_applied(account, production):
    production.edit("main.tf", "t3.medium", "m5.large")
    production.terraform("plan", "-out=plan.bin")
    production.edit("main.tf", "m5.large", "m5.24xlarge")

    assert production.terraform("apply", "plan.bin") == 0

    assert account.instance("web-1")["InstanceType"] == "m5.large"


async def test_what_somebody_changed_by_hand_is_shown_as_drift(
    account, production, capsys
):
    web = account.instance("web-1")["InstanceId"]
    account.ec2.create_tags(
        Resources=[web], Tags=[{"Key": "Environment", "Value": "playground"}]
    )

    plan = planned(production, capsys)

    assert [d["address"] for d in plan["resource_drift"]] == [
        'aws_instance.web["web-1"]'
    ]
    assert actions(plan) == {'aws_instance.web["web-1"]': ["update"]}


async def test_an_instance_that_somebody_ended_is_planned_anew(
    account, production, capsys
):
    web = account.instance("web-1")["InstanceId"]
    account.ec2.terminate_instances(InstanceIds=[web])

    plan = planned(production, capsys)

    assert plan["resource_drift"][0]["change"]["actions"] == ["delete"]
    assert actions(plan) == {'aws_instance.web["web-1"]': ["create"]}


async def test_servers_come_and_go_with_their_lines(account, production, capsys):
    line = '"web-1" = { instance_type = "t3.medium" }'
    production.edit("main.tf", line, line.replace("web-1", "web-3"))

    plan = planned(production, capsys)
    applied = production.terraform("apply", "plan.bin")

    assert actions(plan) == {
        'aws_instance.web["web-1"]': ["delete"],
        'aws_instance.web["web-3"]': ["create"],
    }
    assert applied == 0
    assert account.instance("web-3")["State"]["Name"] == "running"
    state = json.loads(production.state.read_bytes())
    assert set(state["outputs"]["web_instance_ids"]["value"]) == {"web-2", "web-3"}


async def test_a_new_image_replaces_and_names_the_path(account, production, capsys):
    before = account.instance("web-2")["InstanceId"]
    production.edit(
        "terraform.tfvars", "ami-0c0ffee0c0ffee000", "ami-0c0ffee0c0ffee111"
    )

    plan = planned(production, capsys)
    applied = production.terraform("apply", "plan.bin")

    change = plan["resource_changes"][1]["change"]
    assert change["actions"] == ["delete", "create"]
    assert change["replace_paths"] == [["ami"]]
    assert change["after_unknown"]["id"] is True
    assert applied == 0
    assert account.instance("web-2")["InstanceId"] != before


@pytest.mark.parametrize(
    ("old", "new"),
    [("ami           = var.ami", 'ami = "ami-1"'), ("[ami]", "[]")],
)
async def test_a_change_of_an_ignored_attribute_is_no_change(account, old, new):
    checkout = account.checkout("globex", "production").init()
    checkout.edit("main.tf", old, new)

    assert checkout.terraform("plan", "-detailed-exitcode") == 0


@pytest.mark.parametrize("edit", ["availability_zone", "removed key"])
async def test_what_must_not_be_destroyed_is_not_planned_away(account, capsys, edit):
    checkout = account.checkout("globex", "production").init()
    if edit == "availability_zone":
        line = 'ami = var.ami\n  availability_zone = "eu-west-3c"'
        checkout.edit("main.tf", "ami           = var.ami", line)
    else:
        checkout.edit("main.tf", "  ami  ", "  for_each = {}\n  ami  ")
        checkout.edit("outputs.tf", "aws_instance.shop_1.id", '""')

    code = checkout.terraform("plan")

    assert code == 1
    assert "prevent_destroy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('data "aws_ami" "x" {}', "data of type aws_ami"),
        ('module "x" { source = "./x" }', "module blocks"),
        ('resource "aws_vpc" "x" {}', "resources of type aws_vpc"),
        ("locals { x = true ? 1 : 2 }\noutput o { value = local.x }", "conditional"),
        ('output "o" { value = upper("x") }', "the function upper()"),
        ('output "o" { value = file("/etc/passwd") }', "the function file()"),
        ('output "o" { value = aws_instance.web[*].id }', "a splat"),
        ('output "o" { value = path.module }', '"path.module"'),
        ('output "o" { value = <<EOT\nx\nEOT\n}', "heredoc template"),
        ('output "o" { value = "%{ if true }x%{ endif }" }', "template directives"),
        ('output "o" { value = 1 + 1 }', "binary operation"),
        ('output "o" { value = "a ${~ var.ami ~} b" }', "strips white space"),
    ],
)
def test_what_is_not_evaluated_is_refused_by_file_and_line(offline, capsys, text, what):
    (offline.directory / "zz.tf").write_text(f"# first line\n{text}\n")

    code = offline.terraform("plan")

    said = capsys.readouterr().err
    assert code == 1
    assert what in said
    assert "zz.tf:2" in said or "zz.tf:3" in said
    assert "install terraform to run it for real" in said


@pytest.mark.parametrize(
    ("file", "edit", "said"),
    [
        ("main.tf", ("}", ""), "Invalid configuration syntax"),
        ("main.tf", ("var.ami", "var.amy"), "undeclared input variable"),
        ("main.tf", ("local.web_servers", "local.web"), "undeclared local value"),
        (
            "main.tf",
            ("each.value.instance_type", "each.value.kind"),
            "no element 'kind'",
        ),
        ("main.tf", ("  ami  ", "  user_data = 1\n  ami  "), "Unsupported argument"),
        ("terraform.tfvars", ("ami", "amy"), "No value for required variable"),
        ("versions.tf", (">= 1.5", ">= 9.0"), "Unsupported Terraform Core version"),
    ],
)
def test_mistakes_are_found_by_validate(offline, capsys, file, edit, said):
    offline.edit(file, *edit)
    capsys.readouterr()

    code = offline.terraform("validate", "-json")

    verdict = json.loads(capsys.readouterr().out)
    assert code == 1
    assert verdict["valid"] is False
    found = verdict["diagnostics"][0]
    assert said in found["summary"] + found["detail"]


def test_tfvars_win_over_the_environment_and_auto_files_over_both(offline, capsys):
    offline.environment["TF_VAR_ami"] = "ami-environment"
    (offline.directory / "b.auto.tfvars").write_text('ami = "ami-b"\n')
    (offline.directory / "a.auto.tfvars").write_text('ami = "ami-a"\n')

    plan = planned(offline, capsys)

    assert plan["variables"]["ami"]["value"] == "ami-b"


async def test_a_plan_wants_init_first(account, capsys):
    checkout = account.checkout("acme", "production")

    assert checkout.terraform("plan") == 1
    assert 'please run "terraform init"' in capsys.readouterr().err


def test_without_credentials_nothing_is_planned(offline, capsys):
    del offline.environment["AWS_SECRET_ACCESS_KEY"]

    assert offline.terraform("plan") == 1
    assert "No valid credential sources" in capsys.readouterr().err


@pytest.mark.parametrize("endpoint", [None, "https://ec2.amazonaws.com", "http://[::"])
def test_nothing_but_the_sandbox_is_ever_asked(offline, capsys, endpoint):
    offline.environment.pop("TF_VAR_aws_endpoint")
    if endpoint is not None:
        offline.environment["TF_VAR_aws_endpoint"] = endpoint

    assert offline.terraform("plan") == 1
    assert "Not an endpoint of the sandbox" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [("plan", "-destroy"), ("import",), ("apply",), ("fmt", "-check"), ()]
)
def test_commands_and_options_it_has_not_are_refused(offline, words):
    assert offline.terraform(*words) == 1


async def test_a_held_lock_keeps_the_second_run_out(production, capsys):
    # A record lock keeps out other processes only, so the other run is one.
    words = [sys.executable, "-c", _PLAN, str(production.directory)]

    with locked(production.state):
        second = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this loop
            words,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=REPOSITORIES.parents[2],
            env=production.environment,
        )

    assert second.returncode == 1
    assert "Error acquiring the state lock" in second.stderr


_PLAN = """
import os, pathlib, sys
from deploy.sandbox.terraform.cli import run
directory = pathlib.Path(sys.argv[1])
sys.exit(run(["plan"], environment=dict(os.environ), directory=directory))
"""


async def test_outputs_are_printed(account, capsys):
    checkout = account.checkout("acme", "staging").init()
    capsys.readouterr()

    assert checkout.terraform("output", "-raw", "web_instance_id") == 0

    expected = account.instance("web-staging")["InstanceId"]
    assert capsys.readouterr().out.strip() == expected


async def test_seeding_again_changes_nothing(account):
    before = {path: path.read_bytes() for path in account.states.rglob("*.tfstate")}

    await account.seed()

    assert len(before) == 4
    assert before == {path: path.read_bytes() for path in before}


async def test_seeding_takes_over_what_runs_already(bare):
    tags = {"Client": "acme", "Environment": "production", "Name": "web-1"}
    made = bare.ec2.run_instances(
        ImageId="ami-0c0ffee0c0ffee000",
        InstanceType="t3.medium",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": k, "Value": v} for k, v in tags.items()],
            }
        ],
    )

    seeded = await bare.seed()

    assert seeded[0].address == 'aws_instance.web["web-1"]'
    assert seeded[0].instance_id == made["Instances"][0]["InstanceId"]


async def test_an_instance_that_came_back_under_a_new_id_is_found_again(account):
    web = account.instance("web-staging")
    account.ec2.terminate_instances(InstanceIds=[web["InstanceId"]])
    again = account.ec2.run_instances(
        ImageId=web["ImageId"],
        InstanceType=web["InstanceType"],
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": web["Tags"]}],
    )["Instances"][0]["InstanceId"]

    await account.seed()

    checkout = account.checkout("acme", "staging").init()
    assert again in checkout.state.read_text()
    assert checkout.terraform("plan", "-detailed-exitcode") == 0


def test_the_launcher_ignores_packages_of_the_checkout(tmp_path):
    tools = toolchain(tmp_path / "state with 'quote'", prefer="standin")
    hostile = tmp_path / "checkout" / "deploy"
    hostile.mkdir(parents=True)
    (hostile / "__init__.py").write_text("raise SystemExit(42)\n")

    done = subprocess.run(
        [Path(tools.path_entries[0]) / "terraform", "version", "-json"],
        cwd=hostile.parent,
        env={"PYTHONPATH": str(hostile.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert json.loads(done.stdout)["terraform_version"] == tools.version


def test_the_check_before_an_apply_is_on_the_jobs_path(tmp_path):
    tools = toolchain(tmp_path / "state", prefer="standin")
    data = json.dumps({"resource_changes": []}) + "\n"
    (tmp_path / "plan.json").write_text(data)

    done = subprocess.run(
        [Path(tools.path_entries[0]) / "approved-plan", "production", "refuse"],
        cwd=tmp_path,
        env={"CI_COMMIT_MESSAGE": "By hand"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "nothing is applied" in done.stderr


def test_a_real_terraform_that_is_not_there_is_not_pretended(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    found = toolchain(tmp_path, prefer="auto")

    assert (found.kind, found.reason) == ("standin", "no terraform on PATH")
    with pytest.raises(NoRealTerraformError, match="no terraform on PATH"):
        toolchain(tmp_path, prefer="real")


@pytest.mark.parametrize("client", ["acme", "globex"])
def test_the_sample_pipelines_apply_with_protected_credentials_only(client):
    text = (REPOSITORIES / f"{client}-infra" / ".gitlab-ci.yml").read_text()

    jobs = yaml.safe_load(text)

    # Acme's configuration values are checked as well; that touches no cloud.
    assert {name for name in jobs if ":" in name} - {"check:values"} == {
        "plan:production",
        "plan:staging",
        "apply:production",
        "apply:staging",
    }
    for name in jobs:
        if name.startswith(("plan:", "check:")):
            assert "APPLY_" not in json.dumps(jobs[name])


def quoted(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped.replace("${", "$${").replace("%{", "%%{")


_LINE_ENDS = "\x7f\u2028\u2029"
_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=_LINE_ENDS)
)


@given(_TEXT)
def test_a_quoted_text_is_worth_itself(text):
    source = f"locals {{\n  x = {quoted(text)}\n}}\n".encode()

    found = Configuration.of({"main.tf": source}, environment={})

    (block,) = found.top("locals")
    assert evaluate(block.attributes["x"], found.scope()) == text


@given(st.text(alphabet='abvar.x"${}[]()=,\n \\<>#:?%-1', max_size=60))
def test_any_text_is_evaluated_or_refused_never_a_crash(text):
    source = f"output o {{\n  value = {text}\n}}\n".encode()

    with suppress(TerraformError):
        found = Configuration.of({"main.tf": source}, environment={})
        for expression in found.outputs.values():
            evaluate(expression, found.scope(resources={}))
