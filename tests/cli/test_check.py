"""`tandem check` says all that is wrong, where, and never shows a secret."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest
import yaml

from tests.cli.conftest import SAMPLE, spoil

SECRET = "pa55word-nobody-may-see"
SLACK = {
    "TANDEM_SLACK__BOT_TOKEN": "xoxb-12345678",
    "TANDEM_SLACK__SIGNING_SECRET": "12345678",
}
GITLAB = {"TANDEM_GITLAB__HOOK_SECRET": "12345678"}
VAULT = {
    "TANDEM_VAULT__ADDRESS": "http://127.0.0.1:1",
    "TANDEM_VAULT__ROLE_ID": "role",
    "TANDEM_VAULT__SECRET_ID": "12345678",
}
FRONT = "TANDEM_SLACK__…, TANDEM_GITLAB__…"
LITTLE = (
    f"`tandem serve` needs {FRONT} as well; "
    f"`tandem work` needs {FRONT}, TANDEM_VAULT__… as well"
)
ROLES = (
    "wanted one of: provider.oncall, provider.engineer, provider.manager, "
    "client.developer, client.owner."
)
WHOLE = {
    "TANDEM_DATABASE_URL": f"postgresql+psycopg://tandem_app:{SECRET}@127.0.0.1:1/x",
    "TANDEM_CATALOG": str(SAMPLE),
}
MODELS = {
    "provider.yaml": "provider.yaml",
    "routes.yaml": "routes.yaml",
    "client.yaml": "clients/acme/client.yaml",
    "inventory.yaml": "clients/globex/inventory.yaml",
}


async def test_a_good_catalog_is_counted(bare):
    ended = await bare("check", "--catalog", str(SAMPLE))

    assert (ended.status, ended.err) == (0, "")
    assert "2 clients, 21 targets, 8 routes; commands: backup, cert, " in ended.out
    assert "settings" not in ended.out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, LITTLE),
        (
            SLACK | GITLAB,
            "enough for `tandem serve`; `tandem work` needs TANDEM_VAULT__… as well",
        ),
        (
            SLACK | GITLAB | VAULT,
            "enough for `tandem serve`; enough for `tandem work`",
        ),
    ],
    ids=["little", "front", "all"],
)
async def test_good_settings_are_told_what_they_are_enough_for(bare, more, told):
    ended = await bare.having(**WHOLE, **more)("check")

    assert ended.status == 0, ended
    assert ended.out.splitlines()[0] == f"settings: {told}"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "routes.yaml",
            "provider.oncall",
            "provider.onkall",
            f"Got “provider.onkall”, {ROLES}",
        ),
        ("clients/acme/client.yaml", "roles: [owner]", "roles: []", "too short"),
        ("clients/acme/inventory.yaml", "kind: database", "kind: databse", "databse"),
        ("provider.yaml", "gitlab: bob", "gitlub: bob", "There is no “gitlub” here"),
        ("provider.yaml", "[bob, dave]", "[bob, dav]", "Meant may be: dave"),
        ("clients/globex/client.yaml", "name: Globex", "name: [", "not YAML"),
    ],
)
async def test_one_fault_is_one_line_with_its_file_and_line(  # noqa: PLR0917 - a table
    bare, catalog, file, old, new, said
):
    line = spoil(catalog, file, old, new)

    ended = await bare("check", "--catalog", str(catalog))

    assert ended.complaint.startswith(f"{file}:{line}:")
    assert said in ended.complaint
    assert ended.out == ""


async def test_every_fault_is_told_at_once(bare, catalog):
    spoil(catalog, "routes.yaml", "provider.oncall", "provider.onkall")
    spoil(catalog, "clients/acme/inventory.yaml", "kind: database", "kind: databse")
    spoil(catalog, "provider.yaml", "gitlab: bob", "gitlub: bob")

    ended = await bare("check", "--catalog", str(catalog))

    assert ended.status == 1
    assert [line.partition(":")[0] for line in ended.err.splitlines()] == [
        "clients/acme/inventory.yaml",
        "provider.yaml",
        "routes.yaml",
    ]


async def test_a_folder_that_is_not_there_is_named(bare, tmp_path):
    ended = await bare("check", "--catalog", str(tmp_path / "nowhere"))

    assert str(tmp_path / "nowhere") in ended.complaint


async def test_every_missing_setting_is_named(bare):
    ended = await bare("check")

    assert ended.complaint == (
        "tandem: TANDEM_DATABASE_URL: is not set; TANDEM_CATALOG: is not set "
        "(docs/settings.md)"
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"TANDEM_CATALOGUE": "/x"}, "no such setting: TANDEM_CATALOGUE"),
        ({"tandem_prot": "1"}, "no such setting: tandem_prot"),
        (
            {"TANDEM_GITLAB__HOOK_SECRT": SECRET, **GITLAB},
            "TANDEM_GITLAB__HOOK_SECRT: there is no such setting",
        ),
        ({"TANDEM_SLACK": SECRET}, "no such setting: TANDEM_SLACK"),
        ({"TANDEM_PORT__X": SECRET}, "no such setting: TANDEM_PORT__X"),
        ({"TANDEM_SECRETS": "/no/such"}, "TANDEM_SECRETS cannot be read: /no/such"),
    ],
)
async def test_a_misspelt_setting_is_refused(bare, wrong, told):
    ended = await bare.having(**WHOLE, **wrong)("check")

    assert told in ended.complaint
    assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TANDEM_PORT", SECRET, "valid integer"),
        ("TANDEM_LOG_LEVEL", SECRET, "'debug'"),
        ("TANDEM_DATABASE_URL", SECRET, "must begin with postgresql+psycopg://"),
        (
            "TANDEM_DATABASE_URL",
            f"postgresql://u:{SECRET}@h/x",
            "must begin with postgresql+psycopg://",
        ),
        ("TANDEM_DATABASE_OWNER_URL", f"mysql://u:{SECRET}@h/x", "must begin with"),
        ("TANDEM_GITLAB__HOOK_SECRET", " \t ", "blank or shorter than 8"),
        ("TANDEM_VAULT__ADDRES", SECRET, "there is no such setting"),
        ("TANDEM_PACE__POLL", SECRET, "valid number"),
    ],
)
async def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    bare, name, value, told
):
    ended = await bare.having(**WHOLE).having(**{name: value})("check")

    assert f"{name}: " in ended.complaint
    assert told in ended.complaint
    assert SECRET not in ended.out + ended.err


async def test_a_worker_is_not_dead_before_it_missed_three_heartbeats(bare):
    pace = {"TANDEM_PACE__HEARTBEAT": "2", "TANDEM_PACE__DEAD_AFTER": "5.9"}
    ended = await bare.having(**WHOLE, **pace)("check")

    assert "DEAD_AFTER must be at least three times HEARTBEAT" in ended.complaint


async def test_secrets_are_read_from_files_of_their_names(bare, tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, value in (SLACK | GITLAB | VAULT).items():
        (folder / name.lower()).write_text(f"{value}\n")

    ended = await bare.having(**WHOLE, TANDEM_SECRETS=str(folder))("check")

    assert "enough for `tandem work`" in ended.out, ended


async def test_a_misspelt_file_of_a_secret_is_refused(bare, tmp_path):
    (tmp_path / "tandem_slak__bot_token").write_text(SECRET)

    ended = await bare.having(**WHOLE, TANDEM_SECRETS=str(tmp_path))("check")

    assert "no such setting: tandem_slak__bot_token" in ended.complaint
    assert SECRET not in ended.err


async def test_the_printed_schemas_take_the_sample_and_refuse_a_fault(bare):
    ended = await bare("check", "--schema")

    schemas = json.loads(ended.out)
    assert set(schemas) == set(MODELS)
    for name, file in MODELS.items():
        data = yaml.load((SAMPLE / file).read_text(), yaml.SafeLoader)
        check = jsonschema_rs.validator_for(schemas[name])
        assert [error.message for error in check.iter_errors(data)] == []
        assert not check.is_valid(data | {"surprise": 1})
