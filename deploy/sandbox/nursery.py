"""
`python -m deploy.sandbox.nursery LIFE MODULE …`: imports once, gives birth at once.

Most of the time that the sandbox takes to start is Python importing the same libraries
in each of its processes. A nursery imports the named modules while everything else
comes up; a line on its standard input makes it fork a process that has them already. A
line on its standard output says which process that is, another with what it ended.

LIFE is the number of an open pipe whose other end the supervisor keeps: when that ends,
so does every child, as in `child.py`. A nursery has one thread and has built nothing
but modules, which is why forking it is safe.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final

from deploy.sandbox.child import become, end_with

_LONGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Birth:
    """What is to be born: a module and its words, its surroundings, and its log."""

    number: int
    words: list[str]
    environment: dict[str, str]
    log: str

    def line(self) -> bytes:
        """Return it as it goes through the pipe."""
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> None:
    """Import, and give birth until the supervisor is gone."""
    life, *wanted = sys.argv[1:]
    nurse(int(life), wanted)


def nurse(life: int, wanted: list[str]) -> None:
    """Do so in this process, with its standard input and output."""
    born = _deliver(wanted)
    if born is not None:
        end_with(life)
        become(born)


def _deliver(wanted: list[str]) -> list[str] | None:
    """
    Return the words of a child, in that child; None in the nursery, at its end.

    Whoever is to be born goes before the next import: it may not need that one.
    """
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    numbers: dict[int, int] = {}
    left = [*reversed(wanted)]
    asked = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [], 0 if left else None)
        if not ready:
            _prepare(left.pop())
            continue
        if woken in ready:
            os.read(woken, 4096)
            _tell_ended(numbers)
        if 0 not in ready:
            continue
        read = os.read(0, _LONGEST)
        if not read:
            return None
        *lines, asked = (asked + read).split(b"\n")
        for line in lines:
            birth = Birth(**json.loads(line))
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(woken)
                os.close(wake)
                return _born(birth)
            numbers[child] = birth.number
            _tell(number=birth.number, pid=child)


def _prepare(wanted: str) -> None:
    """Import a module, or call what is named after its colon; it keeps what it made."""
    module, _, call = wanted.partition(":")
    # What is imported stays: looking through it for garbage again and again is in vain.
    gc.disable()
    # What is not installed, the process that needs it says in its own log.
    with suppress(ImportError):
        found = importlib.import_module(module)
        if call:
            getattr(found, call)()
    gc.freeze()
    gc.enable()


def _born(birth: Birth) -> list[str]:
    """Take the surroundings that a process of its own would have been started with."""
    os.setsid()
    log = os.open(birth.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, wanted in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(given, wanted)
    os.close(log)
    os.close(nothing)
    # Given to it, not read: as the environment of a program that is started.
    os.environ.clear()  # noqa: TID251 - as above
    os.environ.update(birth.environment)  # noqa: TID251 - as above
    places = birth.environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [one for one in places if one and one not in sys.path]
    return birth.words


def _tell_ended(numbers: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            ended = os.waitstatus_to_exitcode(status)
            _tell(number=numbers.pop(child), ended=ended)


def _tell(**what: int) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
