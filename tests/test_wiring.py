"""Each part of the wiring brings the libraries it needs, and no others."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHAT = {"fastapi", "slack_bolt", "starlette", "uvicorn"}
WORLD = {"botocore", "gitlab", "hvac", "procrastinate"}
LOADED = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded(module):
    ended = subprocess.run(
        [sys.executable, "-c", LOADED, module],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    ("part", "needs", "never"),
    [
        ("front", set(), CHAT | WORLD | {"aiohttp", "slack_sdk"}),
        ("serve", CHAT, WORLD),
        ("work", WORLD, CHAT),
        ("vault", {"hvac"}, CHAT | (WORLD - {"hvac"})),
    ],
)
def test_a_part_loads_what_it_needs_and_nothing_of_the_others(part, needs, never):
    found = loaded(f"bot.wiring.{part}")

    assert needs <= found
    assert not never & found
