"""
The process that runs Ansible: `python -I -m bot.outbound.ansible.child`.

It is started by `engine.py` with an almost empty environment. One job comes in on
standard input; when that is closed, by intent or because the worker died, the play is
cancelled, and with it the command on the host.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import ansible_runner
import psutil

from bot.outbound.ansible.folder import INVENTORY, lay_out
from bot.outbound.ansible.foreign import laid_out
from bot.outbound.ansible.guard import SPEC, NotFitError, arguments, check
from bot.outbound.ansible.hearing import ForeignHostError, Hearing
from bot.outbound.ansible.job import EndReport, Job, StepReport
from bot.outbound.ansible.unfit import UnfitError

if TYPE_CHECKING:
    from typing import BinaryIO

    from pydantic import BaseModel


# Where ansible-runner finds the plugin by which Ansible tells it of events.
_CALLBACK: Final = Path(__file__).parent / "callback"
_MOST_MEMORY: Final = 2 * 2**30
_LARGEST_FILE: Final = 64 * 2**20


class _Cancel:
    """Becomes true when the worker lets go of standard input."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._asked = threading.Event()
        threading.Thread(target=self._wait, daemon=True).start()

    def __bool__(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        """Stop what runs: ansible-core's workers lead sessions of their own."""
        self._asked.set()
        for one in psutil.Process().children(recursive=True):
            try:
                one.kill()
            except psutil.Error:
                continue

    def _wait(self) -> None:
        self._source.read()
        self.ask()


def _play(job: Job, out: TextIO, cancel: _Cancel) -> EndReport:
    try:
        if job.foreign:
            job = job.model_copy(update={"files": _fit(job)})
    except UnfitError as error:
        unfit = (error.reason.value, error.file, error.line, error.what)
        return EndReport(status="unfit", unfit=unfit)
    base = lay_out(job)
    hearing = Hearing(
        host=job.reach.host, secrets=(job.private_key, *job.secrets.values())
    )
    try:
        check(job, base)
    except NotFitError as error:
        return EndReport(status="broken", detail=str(error))
    foreign: list[str] = []

    def heard(event: dict[str, Any]) -> bool:
        try:
            step = hearing.hear(event)
        except ForeignHostError as error:
            foreign.append(str(error))
            cancel.ask()
        else:
            if step is not None:
                _say(out, StepReport(step=step))
        return False  # so that ansible-runner keeps no file of it

    try:
        ended = ansible_runner.run(
            private_data_dir=str(base),
            project_dir=str(base / "project"),
            inventory=str(base / INVENTORY),
            playbook=job.entry,
            cmdline=arguments(job, base),
            envvars={
                "ANSIBLE_CONFIG": str(base / "ansible.cfg"),
                "AWX_LIB_DIRECTORY": str(_CALLBACK),
            },
            # By default ansible-runner looks for a cancellation every five seconds.
            settings={"pexpect_timeout": 0.2, "suppress_output_file": True},
            quiet=True,
            event_handler=heard,
            cancel_callback=lambda: bool(cancel),
        )
    finally:
        _hang_up(base)
    return _end(hearing, rc=ended.rc, cancelled=bool(cancel), foreign=foreign)


def _fit(job: Job) -> tuple[tuple[str, str], ...]:
    """Return what a client's playbook is run with; which variables it has we say."""
    # A template of theirs may ask for more memory than there is, or for larger files.
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    theirs = [one for one in job.files if one[0] != SPEC]
    ours = [one for one in job.files if one[0] == SPEC]
    return (*laid_out(theirs, entry=job.entry), *ours)


def _end(
    hearing: Hearing, *, rc: int | None, cancelled: bool, foreign: list[str]
) -> EndReport:
    told = {
        "begun": hearing.begun,
        "changed": hearing.changed,
        "said": hearing.said,
        "diff": hearing.diff,
    }
    if foreign:
        return EndReport(status="broken", detail=foreign[0], **told)
    if cancelled:
        return EndReport(status="cancelled", **told)
    if hearing.unreachable is not None:
        return EndReport(status="unreachable", detail=hearing.unreachable, **told)
    if rc == 0 and hearing.processed:
        return EndReport(status="ok", **told)
    if hearing.failed is not None:
        task, reason = hearing.failed
        return EndReport(status="failed", task=task, detail=reason, **told)
    detail = f"ansible-playbook ended with {rc} and no host: {hearing.tail}"
    return EndReport(status="broken", detail=detail, **told)


def _hang_up(base: Path) -> None:
    """End the shared connection, which would otherwise outlive the play."""
    for socket in (base / "cp").iterdir():
        subprocess.run(
            [
                "/usr/bin/env",
                "ssh",
                "-F",
                "none",
                "-O",
                "exit",
                "-o",
                f"ControlPath={socket}",
                "-",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=10,
        )


def _say(out: TextIO, report: BaseModel) -> None:
    out.write(report.model_dump_json() + "\n")
    out.flush()


def main() -> None:
    """Run the one job of this process."""
    os.umask(0o077)
    # What Ansible or a library prints must not be taken for a report.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    line = sys.stdin.buffer.readline()
    try:
        job = Job.model_validate_json(line)
        cancel = _Cancel(sys.stdin.buffer)
        end = _play(job, out, cancel)
    except Exception as error:  # noqa: BLE001 - an edge: told by its kind, words may leak
        end = EndReport(status="broken", detail=f"{type(error).__name__} in the child")
    _say(out, end)
    # The thread that waits for standard input would keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
