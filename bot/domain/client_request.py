"""
A merge request that a client opened itself, taken into the gate.

Pure: which operation it is, whom it concerns, and what its plan says. The operation's
id follows from the commit, so that hooks, polls and replicas all mean the same one.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.scope import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.catalog import Client

COMMAND: Final = "merge-request"
_OWN_BRANCH: Final = "tandem/"


def operation_id(*, client: str, project: str, iid: int, head_sha: str) -> str:
    """Return the id of the one operation about this commit of this merge request."""
    said = f"{client}\0{project}\0{iid}\0{head_sha}"
    found = base64.b32encode(hashlib.sha256(said.encode()).digest())
    return found.decode().lower()[:20]


def drafted_by(branch: str) -> str | None:
    """Return the operation whose branch this would be, if it is named like one."""
    return branch.removeprefix(_OWN_BRANCH) if branch.startswith(_OWN_BRANCH) else None


@dataclass(frozen=True, slots=True)
class Touched:
    """
    What the paths of a request bear on.

    `planned` are the environments whose own folders they are in: those have a plan to
    show. `whole` is the environment that the request as a whole counts for.
    """

    planned: tuple[Environment, ...]
    whole: Environment


def touched(client: Client, paths: Iterable[str]) -> Touched:
    """
    Return the environments these paths bear on.

    Whatever is outside every environment's folder (a shared module, the pipeline
    itself) may bear on all of them, so it counts for production.
    """
    folders = {
        (target.terraform.directory, target.environment)
        for target in client.targets
        if target.terraform is not None
    }
    found: set[Environment] = set()
    whole = Environment.STAGING
    for path in paths:
        here = {env for folder, env in folders if path.startswith(f"{folder}/")}
        found |= here
        if here != {Environment.STAGING}:
            whole = Environment.PRODUCTION
    order = (Environment.PRODUCTION, Environment.STAGING)
    return Touched(tuple(one for one in order if one in found), whole)
