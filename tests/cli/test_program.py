"""The program as a whole: its help, its processes, and what it says without a part."""

from __future__ import annotations

import json
import socket

import pytest
from typer.testing import CliRunner

from bot.cli.app import app
from bot.outbound.slack.manifest import SCOPES
from tests.cli.conftest import plain

COMMANDS = ("serve", "work", "sandbox", "check", "manifest", "db", "audit", "ops")
SLACK = {
    "TANDEM_SLACK__BOT_TOKEN": "xoxb-12345678",
    "TANDEM_SLACK__SIGNING_SECRET": "12345678",
}
GITLAB = {"TANDEM_GITLAB__HOOK_SECRET": "12345678"}


def test_help_names_every_command():
    ended = CliRunner().invoke(app, ["--help"])

    assert ended.exit_code == 0
    assert [name for name in COMMANDS if f" {name} " not in plain(ended.output)] == []


@pytest.mark.parametrize("words", [["surprise"], ["ops"], ["audit", "show"]])
def test_what_is_no_command_ends_with_status_2(words):
    ended = CliRunner().invoke(app, words)

    assert ended.exit_code == 2


# --- the manifest


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_manifest_sends_everything_to_one_address(slash):
    ended = CliRunner().invoke(app, ["manifest", f"https://tandem.example.com{slash}"])

    assert ended.exit_code == 0
    made = json.loads(ended.stdout)
    events = "https://tandem.example.com/slack/events"
    (command,) = made["features"]["slash_commands"]
    assert (command["command"], command["url"]) == ("/infra", events)
    assert made["settings"]["interactivity"]["request_url"] == events
    assert made["oauth_config"]["scopes"]["bot"] == sorted(SCOPES)


@pytest.mark.parametrize(
    "url", ["http://tandem.example.com", "tandem.example.com", "https://", "\x1b[31m"]
)
def test_slack_is_given_no_address_that_it_would_refuse(url):
    ended = CliRunner().invoke(app, ["manifest", url])

    assert ended.exit_code == 1
    assert "Slack wants an address that begins with https://" in ended.stderr
    assert "\x1b" not in ended.stderr
    assert ended.stdout == ""


# --- the processes


@pytest.mark.parametrize(
    ("process", "having", "said"),
    [
        ("serve", {}, "`serve` needs TANDEM_SLACK__… and TANDEM_GITLAB__…"),
        ("work", {}, "`work` needs TANDEM_SLACK__… and TANDEM_GITLAB__…"),
        ("work", SLACK | GITLAB, "this needs TANDEM_VAULT__…"),
        (
            "serve",
            SLACK | GITLAB | {"TANDEM_SLACK__MODE": "socket"},
            "Socket Mode needs TANDEM_SLACK__APP_TOKEN",
        ),
    ],
)
async def test_a_process_without_its_settings_does_not_start(
    tandem, process, having, said
):
    ended = await tandem.having(**having)(process)

    assert ended.status == 1
    (complaint,) = [one for one in ended.err.splitlines() if not one.startswith("{")]
    assert said in complaint
    assert "docs/settings.md" in complaint


async def test_a_front_that_is_asked_to_stop_ends_well(tandem):
    program = tandem.having(**SLACK, **GITLAB, TANDEM_PORT="0")

    ended = await program("serve", until="ready")

    assert (ended.status, "Traceback" in ended.err) == (0, False), ended


async def test_a_front_says_which_port_is_taken(tandem):
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = str(stranger.getsockname()[1])

        ended = await tandem.having(**SLACK, **GITLAB, TANDEM_PORT=port)("serve")

    assert ended.complaint == (
        f"tandem: cannot listen on 127.0.0.1:{port}: Address already in use"
    )


async def test_a_worker_that_is_asked_to_stop_ends_well(tandem):
    program = tandem.having(
        **SLACK,
        **GITLAB,
        TANDEM_VAULT__ADDRESS="http://127.0.0.1:1",
        TANDEM_VAULT__ROLE_ID="role",
        TANDEM_VAULT__SECRET_ID="12345678",
    )

    ended = await program("work", until="worker.ready")

    assert (ended.status, "Traceback" in ended.err) == (0, False), ended


async def test_a_spoilt_catalog_stops_a_process_with_file_and_line(tandem, catalog):
    (catalog / "routes.yaml").write_text("routes: [{needs: []}]\n")

    ended = await tandem.having(**SLACK, **GITLAB, TANDEM_CATALOG=str(catalog))("serve")

    assert ended.status == 1
    assert ended.err.splitlines()[-1].startswith("routes.yaml:1:10: ")


# --- the sandbox


async def test_the_sandbox_has_its_own_help(bare):
    ended = await bare("sandbox", "--help")

    assert ended.status == 0
    assert "usage: tandem sandbox" in ended.out
    assert "--terraform" in ended.out


async def test_a_sandbox_without_its_extra_says_what_to_install(bare, tmp_path):
    # Python reads this before anything else: httpx is as good as not installed.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['httpx'] = None\n"
    )

    ended = await bare.having(PYTHONPATH=str(tmp_path))("sandbox")

    assert "(httpx is missing)" in ended.complaint
    assert "pip install 'tandem-ops[sandbox]'" in ended.complaint
