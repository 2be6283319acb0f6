"""A change of one host: its folder is bound, and what the host says decides."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field
from types import ModuleType

import pytest
from pydantic import SecretStr

from bot.domain.ansible_playbook import AnsiblePlaybook
from bot.domain.catalog import Host
from bot.domain.errors import Broken, Refused
from bot.domain.host import Played, Step, StepStatus, TaskFailed
from bot.domain.message import Message
from bot.domain.playbook import Happened, Playbook, Verified
from bot.domain.proposal import Line
from bot.domain.scope import SshScope

SSH = {
    "address": "10.0.0.9",
    "port": 2222,
    "user": "ops",
    "principal": "press",
    "host_key": "ssh-ed25519 " + "A" * 68,
}
HOST = Host.model_validate(
    {
        "client": "acme",
        "name": "press",
        "kind": "host",
        "environment": "staging",
        "description": "x",
        "ssh": SSH,
    }
)
FOLDER = {"read.yml": "- read", "run.yml": "- run", "tasks/more.yml": "- more"}
EMPTY = Message.own(en="There is no oil to be had.", args={})
LOUD = Message.own(en="It is loud.", args={})


@pytest.fixture
def written(monkeypatch, tmp_path):
    """Return the name of a module that has these files in the folder beside it."""

    def write(files):
        home = tmp_path / str(len(list(tmp_path.iterdir())))
        for name, text in files.items():
            path = home / "oil" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (home / "oil.py").write_text("# a procedure", encoding="utf-8")
        module = ModuleType("procedure_of_a_test")
        module.__file__ = str(home / "oil.py")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return module.__name__

    return write


def declared(module):
    """Return a procedure as one that is written in this module."""

    class Oil(AnsiblePlaybook, name="ansible.oil"):
        __module__ = module

        level: str = "full"

        def variables(self):
            return {"level": self.level}

        def call(self):
            return f"oil to {self.level}"

        def facts(self, state):
            label = Message.own(en="Level", args={})
            return (Line(label=label, value=state.value("level") or "?"),)

        def reached(self, state):
            return state.value("level") == self.level

    return Oil


@pytest.fixture
def oil(written):
    return declared(written(FOLDER))


@dataclass
class Press:
    """A run on one host, whose oil is at a level; only a real play changes that."""

    level: str = "low"
    before: str = ""
    fails: str = ""
    restless: bool = False
    played: list = field(default_factory=list)
    told: list = field(default_factory=list)

    @property
    def host(self):
        return self

    async def progress(self, message):
        self.told.append((message.key, message.args))

    async def play(self, play, *, variables, secrets=None, check=False, hear=None):
        self.played.append((play.entry, check, dict(variables), secrets))
        assert dict(play.files) == FOLDER
        assert not play.foreign
        failed = None
        if self.fails == play.entry:
            failed = TaskFailed(task="pour", reason="no can")
        if hear is not None:
            await hear(Step(task="look", status=StepStatus.OK))
            await hear(Step(task="skip", status=StepStatus.SKIPPED))
            ended = StepStatus.FAILED if failed else StepStatus.CHANGED
            await hear(Step(task="pour", status=ended))
        if play.entry == "read.yml":
            said = (("level", self.level),)
            return Played(changed=self.restless, said=said, failed=failed)
        wanted = str(variables["level"])
        diff = "" if wanted == self.level else f"-{self.level}\n+{wanted}\n"
        if not check and failed is None:
            self.level = wanted
        return Played(changed=bool(diff), diff=diff, failed=failed)


# What is bound.


def test_the_whole_folder_is_in_memory_and_in_the_hash(written):
    first, same = (declared(written(FOLDER)) for _ in range(2))
    other = declared(written(FOLDER | {"tasks/more.yml": "- else"}))

    assert dict(first.files) == FOLDER
    assert [name for name, _ in first.files] == sorted(FOLDER)
    assert first.source_hash == same.source_hash
    assert first.source_hash != other.source_hash


@pytest.mark.parametrize("lacking", ["read.yml", "run.yml"])
def test_a_folder_without_both_its_entries_is_our_mistake(written, lacking):
    module = written({name: text for name, text in FOLDER.items() if name != lacking})

    with pytest.raises(Broken, match=r"'ansible\.oil' needs read\.yml and run\.yml"):
        declared(module)


def test_a_shape_without_a_name_has_no_folder():
    class Shape(AnsiblePlaybook):
        pass

    assert Shape.files == ()


@pytest.mark.parametrize("name", ["oil", "ansible.", "Ansible.oil", "ansible/oil"])
def test_a_name_is_folder_and_file(name):
    with pytest.raises(Broken, match=r"a playbook is named folder\.file, got "):

        class Wrong(Playbook, name=name):
            pass


def test_a_procedure_without_a_source_file_cannot_be_bound(monkeypatch):
    module = ModuleType("typed_in")
    module.__file__ = None
    monkeypatch.setitem(sys.modules, "typed_in", module)

    with pytest.raises(Broken, match=r"'ansible\.oil' has no source file"):

        class Typed(Playbook, name="ansible.oil"):
            __module__ = "typed_in"


# Where it may be done.


def test_every_look_and_every_act_may_log_in_on_this_host_and_no_more(oil):
    one = oil.on(HOST, level="half")

    wanted = {"host": "press", **HOST.ssh.model_dump()}
    assert one.inputs() == wanted | {"level": "half"}
    assert one.login() == SshScope.model_validate(wanted)
    assert one.preview_scope() == one.scope("an-operation") == one.login()
    assert oil.actions() == ()


def test_a_host_that_is_out_of_reach_is_refused_with_the_catalog_s_reason(oil):
    away = HOST.model_copy(update={"out_of_reach": "moved to another hall"})

    with pytest.raises(Refused) as refused:
        oil.on(away)

    assert refused.value.message.key == "host.out-of-reach"
    assert refused.value.message.args == {
        "host": "press",
        "reason": "moved to another hall",
    }


# What is shown.


async def test_a_preview_reads_and_checks_and_changes_nothing(oil):
    press = Press()

    shown = await oil.on(HOST).preview(press)

    full = {"level": "full"}
    assert press.played == [
        ("read.yml", False, full, None),
        ("run.yml", True, full, None),
    ]
    assert press.level == "low"
    assert shown.diff == "-low\n+full\n"
    assert (shown.calls, shown.warnings) == (("oil to full",), ())
    assert [line.value for line in shown.facts] == ["low"]
    digest = hashlib.sha256(shown.diff.encode()).hexdigest()
    assert shown.state.items == (("level", "low"), ("diff", digest))


async def test_what_speaks_against_it_is_refused_and_what_warns_is_shown(oil):
    class Careful(oil):
        def objection(self, state):
            return EMPTY if state.value("level") == "none" else None

        def warnings(self, state):
            return (LOUD,) if state.value("level") == "low" else ()

    with pytest.raises(Refused) as refused:
        await Careful.on(HOST).preview(Press(level="none"))
    shown = await Careful.on(HOST).preview(Press())

    assert refused.value.message == EMPTY
    assert shown.warnings == (LOUD,)


async def test_to_read_is_never_to_change(oil):
    with pytest.raises(Broken, match=r"ansible\.oil/read\.yml changed the host"):
        await oil.on(HOST).read(Press(restless=True))


@pytest.mark.parametrize("entry", ["read.yml", "run.yml"])
async def test_a_task_that_fails_is_told_in_the_host_s_words(oil, entry):
    with pytest.raises(Refused) as refused:
        await oil.on(HOST).preview(Press(fails=entry))

    assert refused.value.message.key == "playbook.ansible.task-failed"
    assert refused.value.message.args == {
        "host": "press",
        "task": "pour",
        "reason": "no can",
    }


# What is done.


async def test_a_run_makes_the_change_and_tells_what_changed(oil):
    press = Press()

    await oil.on(HOST).run(press)

    assert press.played == [("run.yml", False, {"level": "full"}, None)]
    assert press.level == "full"
    assert press.told == [("playbook.ansible.changed", {"task": "pour"})]


async def test_a_run_that_fails_is_told_and_refused(oil):
    press = Press(fails="run.yml")

    with pytest.raises(Refused) as refused:
        await oil.on(HOST).run(press)

    assert refused.value.message.key == "playbook.ansible.task-failed"
    assert press.told == [("playbook.ansible.failed", {"task": "pour"})]


async def test_secrets_reach_the_host_beside_the_variables(oil):
    press, secrets = Press(), {"word": SecretStr("c4n4ry")}

    await oil.on(HOST).make(press, variables={"level": "half"}, secrets=secrets)

    assert press.played == [("run.yml", False, {"level": "half"}, secrets)]


async def test_what_is_promised_is_read_afterwards(oil):
    one = oil.on(HOST)

    there, lost = await one.verify(Press(level="full")), await one.verify(Press())

    assert isinstance(there, Verified)
    assert [line.value for line in there.facts] == ["full"]
    assert lost == one.lost()
    assert lost.reason == Message.of(
        "playbook.ansible.not-there", {"call": "oil to full"}
    )


# What happened, for whoever finds it half done.


async def test_a_state_that_moved_since_it_was_approved_is_noticed(oil):
    one = oil.on(HOST)
    approved = (await one.preview(Press())).state.fingerprint

    assert not await one.moved(Press(before=approved))
    assert await one.moved(Press(level="none", before=approved))


@pytest.mark.parametrize(
    ("level", "happened"),
    [
        ("low", Happened.NO),
        ("full", Happened.YES),
        ("half", Happened.NO),
        ("spilt", Happened.UNKNOWN),
    ],
)
async def test_the_state_tells_whether_it_happened(oil, level, happened):
    class Resumed(oil):
        def begun(self, state):
            return state.value("level") == "half"

    one = Resumed.on(HOST)
    approved = (await one.preview(Press())).state.fingerprint

    assert await one.happened(Press(level=level, before=approved)) is happened


async def test_half_a_change_is_unknown_where_nobody_says_it_may_be_repeated(oil):
    one = oil.on(HOST)
    approved = (await one.preview(Press())).state.fingerprint

    found = await one.happened(Press(level="half", before=approved))

    assert found is Happened.UNKNOWN


def test_what_a_play_told_is_found_by_its_name():
    played = Played(changed=False, said=(("level", "low"), ("brand", "")))

    assert [played.value(name) for name in ("level", "brand", "none")] == [
        "low",
        "",
        None,
    ]
