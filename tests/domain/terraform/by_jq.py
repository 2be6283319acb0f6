"""What the job's own program for jq makes of a plan."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

TEMPLATE = Path(__file__).parents[3] / "deploy" / "gitlab" / "terraform.gitlab-ci.yml"


def program():
    """Return the template's program, as a function of a plan's bytes."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    body = TEMPLATE.read_text().split("\n---\n")[1]
    script = yaml.safe_load(body)["apply:$[[ inputs.environment ]]"]["script"]
    (line,) = [one for one in script if one.startswith("jq -nacS ")]
    words = shlex.split(line)
    command = words[: words.index("plan.json")]

    def run(data):
        done = subprocess.run(command, input=data, capture_output=True, check=True)
        return done.stdout

    return run


def as_file(lines):
    """Return an outline as the job writes it down."""
    return "".join(f"{one}\n" for one in lines).encode()
