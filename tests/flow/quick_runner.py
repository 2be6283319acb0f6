"""
GitLab's runner without processes: the sandbox's terraform called as a function.

A pipeline of the stories is five or six runs of terraform, and starting Python for each
would be most of the time that a story takes. What the jobs' scripts say is obeyed line
by line; a line that is neither terraform, nor the check before an apply, nor one of
JSON is refused, so nothing is skipped in silence.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from string import Template
from typing import TYPE_CHECKING

from deploy.sandbox.gitlab.runner import Runner
from deploy.sandbox.terraform.approved import check
from deploy.sandbox.terraform.arguments import parse_arguments
from deploy.sandbox.terraform.commands import COMMANDS
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.sandbox.gitlab.records import Job


class QuickRunner(Runner):
    """Runs each line of a job's script in a thread of this process."""

    def __init__(self, world):
        super().__init__(world)
        self._free = asyncio.Event()
        self._free.set()

    def hold(self) -> None:
        """Let no job begin until `let_go`."""
        self._free.clear()

    def let_go(self) -> None:
        self._free.set()

    async def _execute(
        self, job: Job, script: Path, folder: Path, environment: dict[str, str]
    ):
        await self._free.wait()
        for line in job.script:
            said: list[str] = []
            try:
                code = await asyncio.to_thread(
                    _run, line, folder, environment, said.append
                )
            except TerraformError as error:
                said.append(str(error))
                code = 1
            for words in (f"$ {line}", *said):
                self._say(job, words)
            if self._canceled(job):
                return "canceled"
            if code != 0:
                return "script_failure"
        return "success"


def _is_json(file):
    try:
        json.loads(file.read_bytes())
    except ValueError:
        return False
    return True


def _run(line, folder, environment, say):
    """Run one line, such as `terraform -chdir="$DIRECTORY" show plan > plan.txt`."""
    words = shlex.split(Template(line).substitute(environment))
    if words == ["false"]:
        return 1
    if words[:3] == ["python3", "-m", "json.tool"]:
        return 0 if _is_json(folder / words[3]) else 1
    if words[0] == "approved-plan":
        return check(words[1:], environment=environment, directory=folder, say=say)
    if words[0] != "terraform":
        raise TerraformError(f"the stories' runner knows terraform only, got {line}")
    target = None
    if ">" in words:
        words, target = words[: words.index(">")], words[-1]
    directory = folder / words[1].removeprefix("-chdir=")
    if not directory.is_dir():
        raise TerraformError("Error handling -chdir option", detail=words[1])
    command, allowed = COMMANDS[words[2]]
    out: list[str] = []
    tell = say if target is None else out.append
    arguments = parse_arguments(words[3:], allowed=allowed)
    code = command(Workspace(directory, environment, tell), arguments)
    if target is not None:
        (folder / target).write_text("".join(f"{one}\n" for one in out))
    return code
