"""
The stand-in against the real terraform: same files, same account, same plan.

The whole plan document is compared, but for what cannot be equal: version, time, and
the configuration as written, of which the stand-in gives a shorter account.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

import pytest

from deploy.sandbox.terraform.real import Missing, Real, find_real
from deploy.sandbox.terraform.toolchain import toolchain
from tests.sandbox.terraform_support import (
    Account,
    Checkout,
    empty,
    last_json,
    moto_account,
)

pytestmark = pytest.mark.real

LINE = '"web-2" = { instance_type = "t3.medium" }'


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    found = find_real(tmp_path_factory.mktemp("real"))
    if isinstance(found, Missing):
        pytest.skip(f"no real terraform: {found.reason}")
    return found


@pytest.fixture(scope="module")
def endpoint():
    with moto_account() as found:
        yield found


@pytest.fixture
async def account(real, endpoint, tmp_path):
    empty(endpoint)
    (tmp_path / "checkouts").mkdir()
    found = Account(endpoint, tmp_path / "states", tmp_path / "checkouts")
    await found.seed()
    return found


@dataclass(frozen=True)
class Both:
    """One checkout that the two programs work in, each with its own data directory."""

    checkout: Checkout
    program: Real

    def terraform(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.program.program), *words, "-no-color"],
            cwd=self.checkout.directory,
            env={
                **self.checkout.environment,
                **self.program.environment,
                "TF_DATA_DIR": ".terraform-real",
                "TF_IN_AUTOMATION": "1",
            },
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    def init(self) -> Both:
        self.checkout.init()
        backend = f"-backend-config=path={self.checkout.state}"
        done = self.terraform("init", "-input=false", backend)
        assert done.returncode == 0, done.stderr
        return self

    def real_plan(self) -> dict:
        done = self.terraform("plan", "-input=false", "-out=real.bin")
        assert done.returncode == 0, done.stderr
        return json.loads(self.terraform("show", "-json", "real.bin").stdout)

    def standin_plan(self, capsys) -> dict:
        assert self.checkout.terraform("plan", "-out=plan.bin") == 0
        capsys.readouterr()
        assert self.checkout.terraform("show", "-json", "plan.bin") == 0
        return last_json(capsys.readouterr().out)


@pytest.fixture
def acme(account, real):
    return Both(account.checkout("acme", "production"), real).init()


def comparable(plan: dict) -> dict:
    apart = {"terraform_version", "timestamp", "configuration", "relevant_attributes"}
    kept = {key: value for key, value in plan.items() if key not in apart}
    kept["prior_state"].pop("terraform_version")
    return kept


@dataclass(frozen=True)
class Edit:
    """One change of the sample's production files."""

    name: str
    file: str
    old: str
    new: str


EDITS = [
    Edit("nothing", "main.tf", LINE, LINE),
    Edit("resize", "main.tf", LINE, LINE.replace("t3.medium", "m5.large")),
    Edit("tag", "main.tf", "Name = each.key", 'Name = each.key, Owner = "shop"'),
    Edit("untag", "main.tf", '    Client      = "acme"\n', ""),
    Edit("no tags", "main.tf", "  tags = merge(local.tags, { Name = each.key })", ""),
    Edit("add", "main.tf", LINE, f"{LINE}\n{LINE.replace('web-2', 'web-3')}"),
    Edit("destroy", "main.tf", LINE, ""),
    Edit("replace", "terraform.tfvars", "000", "111"),
    Edit("zone", "main.tf", "  ami  ", '  availability_zone = "eu-west-3c"\n  ami  '),
    Edit("key", "main.tf", "  ami  ", '  key_name = "team"\n  ami  '),
    Edit("output", "outputs.tf", "server.id }", "server.instance_type }"),
    Edit("output gone", "outputs.tf", "web_instance_ids", "web_ids"),
    Edit("output of a change", "outputs.tf", "server.id }", "server.ami }"),
    Edit("no output value", "outputs.tf", "server.id }", "server.key_name }"),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
async def test_both_make_the_same_plan(acme, capsys, edit):
    acme.checkout.edit(edit.file, edit.old, edit.new)

    theirs = acme.real_plan()
    ours = acme.standin_plan(capsys)

    assert comparable(ours) == comparable(theirs)


async def test_both_see_the_same_drift(account, acme, capsys):
    ended, marked = (
        account.instance(name)["InstanceId"] for name in ("web-1", "web-2")
    )
    account.ec2.terminate_instances(InstanceIds=[ended])
    account.ec2.create_tags(
        Resources=[marked], Tags=[{"Key": "Name", "Value": "somebody's"}]
    )

    theirs = acme.real_plan()
    ours = acme.standin_plan(capsys)

    assert comparable(ours) == comparable(theirs)


@pytest.mark.parametrize(
    "edit", [e for e in EDITS if e.name != "key"], ids=lambda edit: edit.name
)
async def test_what_the_standin_applied_leaves_the_real_one_nothing_to_do(
    acme, capsys, edit
):
    acme.checkout.edit(edit.file, edit.old, edit.new)
    acme.standin_plan(capsys)
    assert acme.checkout.terraform("apply", "plan.bin") == 0

    left = acme.terraform("plan", "-input=false", "-detailed-exitcode", "-out=x.bin")

    assert left.returncode == 0, left.stdout
    shown = json.loads(acme.terraform("show", "-json", "x.bin").stdout)
    assert "resource_drift" not in shown


async def test_what_the_real_one_applied_leaves_the_standin_nothing_to_do(acme, capsys):
    acme.checkout.edit("main.tf", LINE, LINE.replace("t3.medium", "m5.large"))
    acme.real_plan()
    done = acme.terraform("apply", "-input=false", "real.bin")
    assert done.returncode == 0, done.stderr

    assert acme.checkout.terraform("plan", "-detailed-exitcode") == 0

    assert "resource_drift" not in acme.standin_plan(capsys)


async def test_each_refuses_the_plan_files_of_the_other(acme, capsys):
    acme.real_plan()
    acme.standin_plan(capsys)

    assert acme.checkout.terraform("show", "real.bin") == 1
    assert acme.terraform("show", "plan.bin").returncode == 1


async def test_must_not_be_destroyed_is_refused_by_both(account, real):
    globex = Both(account.checkout("globex", "production"), real).init()
    zone = '  availability_zone = "eu-west-3c"\n  ami  '
    globex.checkout.edit("main.tf", "  ami  ", zone)

    theirs = globex.terraform("plan", "-input=false")

    assert theirs.returncode == 1
    assert "prevent_destroy" in theirs.stderr
    assert globex.checkout.terraform("plan") == 1


async def test_the_samples_are_formatted_and_valid(account, real):
    for client in ("acme", "globex"):
        for environment in ("production", "staging"):
            both = Both(account.checkout(client, environment), real).init()

            assert both.terraform("fmt", "-check").returncode == 0
            assert both.terraform("validate").returncode == 0


def test_auto_takes_the_real_one_where_it_is(real, tmp_path):
    found = toolchain(tmp_path, prefer="auto")

    assert found.kind == "real"
    assert found.version == real.version
