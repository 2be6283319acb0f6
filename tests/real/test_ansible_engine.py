"""Ansible on one real host: what it reaches, what it leaves, and how it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from bot.domain.errors import Broken, OutcomeUnknown, Refused, Unavailable
from bot.domain.host import StepStatus, TaskFailed
from bot.outbound.ansible.engine import Ansible, Login
from bot.outbound.ssh_key import new_key
from deploy.sandbox.loopback import free_port
from deploy.sandbox.ssh_host import SshHost
from tests.real.conftest import play_of

TOUCH = """\
    - name: write a file
      ansible.builtin.copy:
        content: "{{ text }}"
        dest: "{{ path }}"
        mode: "0644"
    - name: tell what it is
      ansible.builtin.set_stats:
        data: {colour: "{{ text }}"}
"""
TEXT_AND_PATH = (
    "{text: {type: str, required: true}, path: {type: path, required: true}}"
)


async def test_a_play_changes_the_host_and_tells_each_task(world, tmp_path):
    host = await world.session()
    steps = []

    async def hear(step):
        steps.append((step.task, step.status))

    played = await host.play(
        play_of(TOUCH, options=TEXT_AND_PATH),
        variables={"text": "blue\n", "path": str(tmp_path / "made")},
        hear=hear,
    )

    assert played.failed is None
    assert (tmp_path / "made").read_text() == "blue\n"
    assert steps[0] == ("write a file", StepStatus.CHANGED)
    assert played.value("colour") == "blue"
    assert "+blue" in played.diff
    assert world.leftovers() == []


async def test_a_preview_shows_what_would_change_and_changes_nothing(world, tmp_path):
    host = await world.session()
    (tmp_path / "made").write_text("red\n")

    seen = await host.play(
        play_of(TOUCH, options=TEXT_AND_PATH),
        variables={"text": "blue\n", "path": str(tmp_path / "made")},
        check=True,
    )

    assert (tmp_path / "made").read_text() == "red\n"
    assert seen.changed
    assert [one for one in seen.diff.splitlines() if one[:1] in "+-"][2:] == [
        "-red",
        "+blue",
    ]


# What comes to be if any of these is ever evaluated, here or on the host.
EVALUATED = Path("/tmp/tandem-pwned")  # noqa: S108 - must never exist
HOSTILE = (
    "{{ lookup('pipe', 'touch /tmp/tandem-pwned') }}",
    "{% for i in [1] %}x{% endfor %}",
    "{# gone #}",
    "a\" b='c",
    "two\nlines",
    "--extra-vars",
    "../../etc/passwd",
    "yes",
    "0644",
    "!vault |",
    "$(touch /tmp/tandem-pwned)",
    "`touch /tmp/tandem-pwned`",
    "\u00e9 \u202e \U0001d4b3 \u2028 \x85",
    "@/etc/passwd",
    "ansible_connection=local",
)
WRITE_ALL = """\
    - name: write {number}
      ansible.builtin.copy:
        content: "{{{{ t{number} }}}}"
        dest: "{{{{ path }}}}/{number}"
        mode: "0600"
"""


async def test_text_of_people_reaches_the_host_as_it_is(world, tmp_path):
    host = await world.session()
    options = ["path: {type: path, required: true}"]
    options += [f"t{number}: {{type: str}}" for number in range(len(HOSTILE))]
    play = play_of(
        "".join(WRITE_ALL.format(number=number) for number in range(len(HOSTILE))),
        options=f"{{{', '.join(options)}}}",
    )
    variables = {f"t{number}": text for number, text in enumerate(HOSTILE)}

    played = await host.play(play, variables={"path": str(tmp_path), **variables})

    assert played.failed is None
    read = [(tmp_path / str(number)).read_bytes() for number in range(len(HOSTILE))]
    assert read == [text.encode() for text in HOSTILE]
    assert not await asyncio.to_thread(EVALUATED.exists)


@pytest.mark.parametrize("hosts", ["all", "target:localhost", "''", "'*'", "localhost"])
async def test_a_play_for_anything_but_the_one_host_runs_nothing(
    world, tmp_path, hosts
):
    host = await world.session()

    with pytest.raises(Broken, match="each play is for `target`"):
        await host.play(
            play_of(TOUCH, options=TEXT_AND_PATH, hosts=hosts),
            variables={"text": "x", "path": str(tmp_path / "made")},
        )

    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "task",
    [
        "    - ansible.builtin.ping:\n      delegate_to: localhost\n",
        "    - local_action: ansible.builtin.ping\n",
        "    - ansible.builtin.add_host: {name: other}\n",
        "    - block:\n        - ansible.builtin.ping:\n          connection: local\n",
        "    - ansible.builtin.include_vars: /etc/passwd\n",
    ],
)
async def test_a_task_that_would_act_elsewhere_runs_nothing(world, task):
    host = await world.session()

    with pytest.raises(Broken, match="reaches beyond the one host"):
        await host.play(play_of(task), variables={})


@pytest.mark.parametrize(
    "variables",
    [
        {"text": "x"},
        {"text": "x", "path": "/x", "more": "y"},
        {"text": "x", "path": "/x", "ansible_connection": "local"},
    ],
)
async def test_variables_that_do_not_fit_the_spec_reach_no_host(world, variables):
    host = await world.session()
    before = world.host.visits()

    with pytest.raises(Broken):
        await host.play(play_of(TOUCH, options=TEXT_AND_PATH), variables=variables)

    assert world.host.visits() == before


async def test_a_task_that_fails_is_told_with_its_reason(world):
    host = await world.session()

    played = await host.play(
        play_of("    - name: stop here\n      ansible.builtin.fail: {msg: no way}\n"),
        variables={},
    )

    assert played.failed == TaskFailed(task="stop here", reason="no way")


# What a certificate opens, and what it does not.

PING = play_of("    - name: look\n      ansible.builtin.ping:\n")


async def test_a_certificate_of_another_principal_opens_nothing(world):
    host = await world.session(principal="db-host")

    with pytest.raises(Refused) as refused:
        await host.play(PING, variables={})

    assert refused.value.message.key == "host.no-entry"


async def test_another_client_s_certificate_for_the_same_principal_opens_nothing(world):
    host = await world.session(client="globex")

    with pytest.raises(Refused) as refused:
        await host.play(PING, variables={})

    assert refused.value.message.key == "host.no-entry"


async def test_a_certificate_opens_no_other_host(world, tmp_path):
    other = SshHost(tmp_path, authority=world.authority(), principal="db-host")
    await other.start()
    host = await world.session(port=other.port, host_key=other.host_key)

    with pytest.raises(Refused) as refused:
        await host.play(PING, variables={})

    await other.stop()
    assert refused.value.message.key == "host.no-entry"
    assert "Certificate does not contain an authorized principal" in (
        other.log.read_text()
    )


async def test_a_host_with_another_key_is_told_apart_and_gets_nothing(world):
    host = await world.session(host_key=new_key().public)

    with pytest.raises(Refused) as refused:
        await host.play(PING, variables={})

    assert refused.value.message.key == "host.other-key"


async def test_a_certificate_that_has_ended_opens_nothing(world):
    scope, key = world.scope(), new_key()
    vault = world.vault.worker()
    lasts = timedelta(seconds=1)
    minted = await vault.mint(
        client="acme", action=scope.name, operation="op7", ttl=timedelta(minutes=1)
    )
    certificate = await vault.sign_ssh_key(
        minted,
        client="acme",
        principal=scope.principal,
        public_key=key.public,
        operation="op7",
        ttl=lasts,
    )
    login = Login(scope=scope, private_key=key.private, certificate=certificate)
    host = Ansible(folder=world.folder).session(login, lasts=timedelta(minutes=1))
    await asyncio.sleep(2.5)  # the end itself is waited for: sshd reads a real clock

    with pytest.raises(Refused) as refused:
        await host.play(PING, variables={})

    assert refused.value.message.key == "host.no-entry"
    assert "expired" in world.host.log.read_text()


async def test_the_host_s_log_names_the_operation(world):
    host = await world.session()

    await host.play(PING, variables={})

    assert "ID tandem-op7" in world.host.log.read_text()


async def test_a_host_that_is_not_there_is_unavailable(world):
    host = await world.session(port=free_port())

    with pytest.raises(Unavailable) as unavailable:
        await host.play(PING, variables={})

    assert type(unavailable.value) is Unavailable
    assert unavailable.value.system == "web-host"


# Stopping.

WAIT = """\
    - name: mark the beginning
      ansible.builtin.copy: {content: begun, dest: "{{ path }}", mode: "0600"}
    - name: wait
      ansible.builtin.command: sleep {{ seconds }}
"""
WAITS = "{path: {type: path, required: true}, seconds: {type: str, required: true}}"


def sleeping(seconds):
    """Return the commands of this machine, which is the host, that sleep so long."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if one.cmdline() == ["sleep", seconds]:
                found.append(one.pid)
    return found


async def until(found):
    while not found():  # noqa: ASYNC110 - of another process: nothing to await
        await asyncio.sleep(0.05)


async def test_a_cancelled_play_stops_the_command_on_the_host(world, tmp_path):
    host = await world.session()
    variables = {"path": str(tmp_path / "begun"), "seconds": "86401"}
    work = asyncio.create_task(
        host.play(play_of(WAIT, options=WAITS), variables=variables)
    )
    await until(lambda: sleeping("86401"))

    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    await until(lambda: not sleeping("86401"))
    assert world.leftovers() == []


async def test_a_play_that_takes_too_long_is_stopped_and_its_outcome_unknown(
    world, tmp_path
):
    host = await world.session(lasts=timedelta(seconds=8))
    variables = {"path": str(tmp_path / "begun"), "seconds": "86402"}

    with pytest.raises(OutcomeUnknown):
        await host.play(play_of(WAIT, options=WAITS), variables=variables)

    await until(lambda: not sleeping("86402"))
    assert world.leftovers() == []


async def test_a_play_that_somebody_wants_stopped_ends_there_and_not_before(
    world, tmp_path
):
    asked, answers = [], [False, False]

    async def halted():
        asked.append(sleeping("86403") != [])
        return answers.pop() if answers else asked[-1]

    host = await world.session(halted=halted)
    variables = {"path": str(tmp_path / "begun"), "seconds": "86403"}

    with pytest.raises(OutcomeUnknown):
        await host.play(play_of(WAIT, options=WAITS), variables=variables)

    await until(lambda: not sleeping("86403"))
    assert (tmp_path / "begun").read_text() == "begun"
    assert asked[-1] is True
    assert world.leftovers() == []


async def test_a_play_goes_on_while_nobody_can_say_whether_to_stop_it(world):
    asked = []

    async def halted():
        asked.append(True)
        raise Unavailable("the database", "gone")

    host = await world.session(halted=halted)

    played = await host.play(PING, variables={})

    assert played.failed is None
    assert asked


async def test_what_a_killed_worker_left_behind_is_removed(world):
    left = world.folder / "left"
    left.mkdir()
    (left / "id").write_text("a key")
    host = await world.session()

    await host.play(PING, variables={})

    assert world.leftovers() == []


# Where a secret could be seen.

CANARY = "c4n4ry-0f-7h15-t35t"
SECRET = """\
    - name: keep it
      ansible.builtin.copy:
        content: "{{ password }}"
        dest: "{{ path }}"
        mode: "0600"
    - name: say it, which no playbook should
      ansible.builtin.command: echo {{ path }}
      changed_when: true
    - name: tell it
      ansible.builtin.set_stats:
        data: {told: "{{ password }}", key: "-----BEGIN X-----"}
    - name: wait
      ansible.builtin.command: sleep 1
    - name: fail with it
      ansible.builtin.fail: {msg: "{{ password }} is wrong"}
"""


def seen_by_others(words):
    """Return the command lines and environments of all processes that hold a word."""
    found = set()
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for file in ("cmdline", "environ"):
                text = Path(f"/proc/{one.pid}/{file}").read_bytes()
                if any(word in text for word in words):
                    found.add((file, one.name()))
    return found


def holds(file, words):
    text = file.read_bytes() if file.is_file() else b""
    return any(word in text for word in words)


async def test_secrets_are_in_no_command_line_environment_event_or_file(
    world, tmp_path, capfd
):
    scope, key = world.scope(), new_key()
    vault = world.vault.worker()
    minted = await vault.mint(
        client="acme", action=scope.name, operation="op7", ttl=timedelta(minutes=5)
    )
    certificate = await vault.sign_ssh_key(
        minted,
        client="acme",
        principal=scope.principal,
        public_key=key.public,
        operation="op7",
        ttl=timedelta(minutes=5),
    )
    login = Login(scope=scope, private_key=key.private, certificate=certificate)
    host = Ansible(folder=world.folder).session(login, lasts=timedelta(minutes=2))
    body = key.private.get_secret_value().splitlines()[2]
    canaries = [CANARY.encode(), body.encode()]
    seen, kept = set(), set()

    async def hear(step):
        heard.append(step.model_dump_json())

    heard = []
    options = "{path: {type: path}, password: {type: str, no_log: true}}"
    work = asyncio.create_task(
        host.play(
            play_of(SECRET, options=options),
            variables={"path": str(tmp_path / "kept")},
            secrets={"password": SecretStr(CANARY)},
            hear=hear,
        )
    )
    while not work.done():
        seen |= seen_by_others(canaries)
        # Whole folders go while they are walked through.
        with contextlib.suppress(OSError):
            for file in world.folder.rglob("*"):
                with contextlib.suppress(OSError):
                    if holds(file, canaries):
                        kept.add(file.relative_to(world.folder).parts[1])
        await asyncio.sleep(0)  # an event's file is there for a moment
    played = await work

    assert (tmp_path / "kept").read_text() == CANARY
    assert seen == set()
    # While it runs: the key and the variables, each 0600 in a 0700 folder; later none.
    assert kept <= {"id", "variables.json", "tmp"}
    assert world.leftovers() == []
    told = " ".join(
        [*heard, played.model_dump_json(), repr(login), *capfd.readouterr()]
    )
    assert CANARY not in told
    assert body not in told
    assert "BEGIN" not in told
    assert CANARY not in world.host.log.read_text()


# A client's own playbook, which may hold anything.


def foreign(tasks):
    play = play_of(tasks)
    return play.model_copy(update={"foreign": True})


async def test_a_foreign_play_that_wants_all_memory_fails_and_harms_nobody(world):
    host = await world.session()

    played = await host.play(
        foreign("    - name: eat\n      debug: {msg: \"{{ 'a' * 99999999999 }}\"}\n"),
        variables={},
    )

    assert played.failed is not None
    assert played.failed.task == "eat"


async def test_a_foreign_play_is_not_reached_anywhere_else_by_a_role_s_name(world):
    host = await world.session()

    with pytest.raises(Refused) as refused:
        await host.play(foreign("    - include_role: {name: /etc}\n"), variables={})

    assert refused.value.message.key == "deploy.unfit-literal"
    assert world.leftovers() == []
