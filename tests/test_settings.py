"""Settings: where they come from, what is refused, and that no value is ever shown."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from bot.settings import Settings, _told, misspelt

VALUE = "pa55word-nobody-may-see"
URL = f"postgresql+psycopg://tandem_app:{VALUE}@db/tandem"


@pytest.fixture
def made(tmp_path):
    """Make settings as `Settings.read` does, of these words and files only."""

    def make(*, files=(), **given):
        folder = tmp_path / "secrets"
        folder.mkdir(exist_ok=True)
        for name, value in dict(files).items():
            (folder / name).write_text(value)
        needed = {"database_url": URL, "catalog": str(tmp_path)}
        return Settings(_secrets_dir=str(folder), **{**needed, **given})

    return make


def refused(make, **given):
    with pytest.raises(ValidationError) as caught:
        make(**given)
    assert VALUE not in f"{caught.value}{caught.value!r}"
    told = _told(caught.value)
    assert VALUE not in told
    return told


# --- where they come from


def test_a_secret_may_stand_in_a_file_of_its_name(made):
    settings = made(
        files={
            "tandem_slack__bot_token": "xoxb-12345678\n",
            "TANDEM_SLACK__SIGNING_SECRET": "87654321",
        }
    )

    assert settings.slack.bot_token.get_secret_value() == "xoxb-12345678"
    assert settings.slack.signing_secret.get_secret_value() == "87654321"


def test_a_part_may_come_from_both_and_what_is_given_wins(made):
    settings = made(
        files={"tandem_gitlab__hook_secret": "from-a-file", "tandem_port": "1"},
        gitlab={"url": "https://gitlab.example.com"},
        port=2,
    )

    assert settings.gitlab.url == "https://gitlab.example.com"
    assert settings.gitlab.hook_secret.get_secret_value() == "from-a-file"
    assert settings.port == 2


def test_what_is_not_set_has_the_value_that_is_documented(made):
    settings = made()

    assert (settings.host, settings.port, settings.log_json) == (
        "127.0.0.1",
        8080,
        True,
    )
    assert (settings.slack, settings.gitlab, settings.vault) == (None, None, None)
    assert settings.unsafe_cli_member is None
    assert settings.pace.post_gap == 1.0


# --- what is refused


@pytest.mark.parametrize("blank", ["", "   ", "\n\t", "short", " " * 20])
def test_a_blank_secret_is_refused(made, blank):
    told = refused(made, gitlab={"hook_secret": blank})

    assert "TANDEM_GITLAB__HOOK_SECRET: is blank or shorter than 8 characters" in told


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"surprise": VALUE}, "TANDEM_SURPRISE: there is no such setting"),
        ({"vault": {"adress": VALUE}}, "TANDEM_VAULT__ADRESS: there is no such"),
        ({"slack": {}}, "TANDEM_SLACK__BOT_TOKEN: is not set"),
        ({"port": VALUE}, "TANDEM_PORT: "),
        ({"port": 70000}, "TANDEM_PORT: "),
        ({"pace": {"poll": 0}}, "TANDEM_PACE__POLL: "),
        ({"slack": {"mode": VALUE}}, "TANDEM_SLACK__MODE: "),
        ({"database_url": VALUE}, "TANDEM_DATABASE_URL: must begin with"),
        ({"database_url": f"postgres://u:{VALUE}@h/d"}, "TANDEM_DATABASE_URL: must"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(made, given, named):
    assert named in refused(made, **given)


def test_everything_that_is_wrong_is_told_at_once(made):
    told = refused(made, port=VALUE, catalog=None, log_level=VALUE)

    assert ("TANDEM_PORT" in told, "TANDEM_CATALOG" in told) == (True, True)
    assert "TANDEM_LOG_LEVEL" in told


@pytest.mark.parametrize(
    "name",
    [
        "TANDEM_CATALOGUE",
        "TANDEM_SLAK__BOT_TOKEN",
        "tandem_prot",
        "TANDEM_",
        "TANDEM__PORT",
        "TANDEM_PORT__X",
        "TANDEM_SLACK",
        "TANDEM_SLACK_BOT_TOKEN",
    ],
)
def test_a_name_that_no_setting_has_is_found(name):
    assert misspelt((name,)) == (name,)


@pytest.mark.parametrize(
    "name",
    ["TANDEM_CATALOG", "tandem_port", "TANDEM_SLACK__X", "TANDEM_SECRETS", "PATH"],
)
def test_a_name_of_a_setting_or_of_somebody_else_is_let_pass(name):
    assert misspelt((name,)) == ()


# --- that no value is ever shown


def test_no_secret_is_in_what_settings_look_like(made):
    part = {"bot_token": VALUE, "signing_secret": VALUE, "app_token": VALUE}
    settings = made(
        database_owner_url=URL,
        slack=part,
        gitlab={"hook_secret": VALUE},
        vault={"address": "http://v", "role_id": "r", "secret_id": VALUE},
    )

    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.slack!r}"
    assert VALUE not in shown + settings.model_dump_json()
    assert settings.vault.secret_id == SecretStr(VALUE)


def test_settings_are_frozen(made):
    settings = made()

    with pytest.raises(ValidationError):
        settings.port = 1
