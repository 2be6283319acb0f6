"""
Each mutant in a process of its own, against the tests that its file names.

The parent has imported every library and nothing of ours; each mutant is a fork of it,
in which the importer hands out the changed file. So a mutant costs its tests and little
else. A mutant is killed when a test fails, cannot even be collected, or does not end.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.mutants.mutate import Mutant

ROOT: Final = Path(__file__).parents[2]
OURS: Final = ("bot", "commands", "playbooks", "deploy", "tests")
SECONDS: Final = 90
_LIBRARIES: Final = (
    "hypothesis.stateful",
    "pydantic",
    "rapidfuzz",
    "slack_bolt.async_app",
    "starlette.types",
    "structlog",
)
# What finds the first failure soonest, and finds the same one each time.
_WAYS: Final = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:faulthandler",
    "--no-header",
    # The parent has imported what has plugins; no assertion of theirs matters here.
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    "--hypothesis-profile=mutants",
    # Of the plugins those that pyproject.toml names, and no servers for anybody.
    "--noconftest",
    "-p",
    "pytest_asyncio.plugin",
    "-p",
    "pytest_socket",
    "-p",
    "pytest_timeout",
    "-p",
    "_hypothesis_pytestplugin",
)


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant."""

    mutant: Mutant
    killed: bool
    seconds: float


def prepare() -> None:
    """Import what every fork will need, and nothing of ours that could be mutated."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # noqa: TID251 - pytest's own way
    for name in _LIBRARIES:
        importlib.import_module(name)
    settings.register_profile(
        "mutants", deadline=None, derandomize=True, max_examples=60, database=None
    )


def tried(
    mutants: Sequence[Mutant], *, tests: dict[str, Sequence[str]], at_once: int
) -> Iterator[Verdict]:
    """Run the mutants, some at a time, and return each as it ends."""
    waiting, running = list(reversed(mutants)), {}
    while waiting or running:
        while waiting and len(running) < at_once:
            mutant = waiting.pop()
            child = os.fork()
            if child == 0:
                _live(mutant.file, mutant.tree, tests[mutant.file])
            running[child] = (mutant, time.monotonic())
        child, status = os.waitpid(-1, 0)
        if child in running:
            mutant, began = running.pop(child)
            yield Verdict(mutant, status != 0, time.monotonic() - began)


def healthy(file: str, tests: Sequence[str]) -> bool:
    """Tell whether the tests pass on the file as it is, run in just the same way."""
    child = os.fork()
    if child == 0:
        _live(file, ast.parse((ROOT / file).read_text(encoding="utf-8")), tests)
    _, status = os.waitpid(child, 0)
    return status == 0


def _live(file: str, tree: ast.Module, tests: Sequence[str]) -> None:
    """Run the tests on this tree; does not return."""
    code = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        if "MUTANTS_LOUD" not in os.environ:  # noqa: TID251 - for whoever looks into one
            os.dup2(null, 1)
            os.dup2(null, 2)
        importer = Importer(file, tree)
        sys.meta_path.insert(0, importer)
        code = int(pytest.main([*_WAYS, *tests]))
        # A file that no test imports would be a mutant that everybody survives.
        if not importer.used:
            code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(min(code, 100))


class Importer(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Hands out one changed file under its own name."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self._file = file
        self._tree = tree
        self.used = False

    @property
    def _module(self) -> str:
        return (
            self._file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        )

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self._module:
            return None
        return importlib.util.spec_from_file_location(
            name, ROOT / self._file, loader=self
        )

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        self.used = True
        code = compile(self._tree, str(ROOT / self._file), "exec")
        exec(code, module.__dict__)  # noqa: S102 - our own file, one token changed
