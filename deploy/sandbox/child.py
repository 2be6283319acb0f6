"""
`python -m deploy.sandbox.child MODULE …`: run a module that ends when its parent does.

The parent keeps the other end of standard input. When the parent is gone, however it
went, reading ends, and the child is told to stop, and made to after a while; so a kill
-9 of the sandbox leaves nothing of ours behind. (PostgreSQL and OpenBao live on and are
adopted.)
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

# As long as the parent itself would wait for it to stop.
_PATIENCE: Final = 8.0


def _watch(parent: int) -> None:
    while os.read(parent, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # What does not hear that has nobody left who would make it.
    time.sleep(_PATIENCE)
    os.kill(os.getpid(), signal.SIGKILL)


def end_with(parent: int) -> None:
    """From now on, end this process once reading from `parent` ends."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def become(words: list[str]) -> None:
    """Run the module named by the first word as the program, the others as its own."""
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def main() -> None:
    """Run the module named by the first argument with the others as its own."""
    parent = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    end_with(parent)
    become(sys.argv[1:])


if __name__ == "__main__":
    main()
