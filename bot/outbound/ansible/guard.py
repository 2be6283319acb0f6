"""
What is checked before Ansible runs anything: one host, known words, fitting variables.

Our playbooks are part of this build and reviewed; these checks make a mistake in one of
them an error instead of an action somewhere else. A client's own are looked at far more
closely, in `foreign.py`, before they get here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader

from bot.outbound.ansible.folder import GROUP, INVENTORY, REACH, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.outbound.ansible.job import Job

SPEC: Final = "argument_specs.yml"
# Each would act elsewhere than on the host, or bring in what was not hashed.
_BARRED: Final = frozenset(
    {
        "add_host",
        "connection",
        "delegate_facts",
        "delegate_to",
        "group_by",
        "import_playbook",
        "include_vars",
        "local_action",
        "remote_user",
        "vars_files",
    }
)


class NotFitError(ValueError):
    """The play is not one that may run; nothing was run."""


def check(job: Job, base: Path) -> None:
    """Return if the play may run; raises `NotFitError` with what does not fit."""
    for path, text in job.files:
        if path.endswith((".yml", ".yaml")) and path != SPEC and not job.foreign:
            _check_words(path, yaml.safe_load(text))
    plays = yaml.safe_load(dict(job.files)[job.entry])
    if not isinstance(plays, list) or not plays:
        raise NotFitError(f"{job.entry} holds no play")
    for play in plays:
        if play.get("hosts") != GROUP:
            raise NotFitError(f"{job.entry}: each play is for `{GROUP}`, as one text")
    _check_variables(job)
    _check_hosts(job, base)


def _check_hosts(job: Job, base: Path) -> None:
    """Ask Ansible's own inventory: the pattern selects this host and no other."""
    inventory = InventoryManager(
        loader=DataLoader(), sources=[str(base / INVENTORY)], cache=False
    )
    for pattern in (GROUP, "all"):
        found = [host.name for host in inventory.get_hosts(pattern)]
        if found != [job.reach.host]:
            raise NotFitError(f"`{pattern}` is {len(found)} hosts, and must be one")


def _check_words(path: str, node: object) -> None:
    for word in _keys(node):
        short = word.removeprefix("ansible.builtin.").removeprefix("ansible.legacy.")
        if short in _BARRED:
            raise NotFitError(f"{path}: `{word}` reaches beyond the one host")


def _keys(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from _keys(value)
    elif isinstance(node, list):
        for one in node:
            yield from _keys(one)


def _check_variables(job: Job) -> None:
    """Hold the variables against the playbook's own argument spec, names included."""
    given: dict[str, Any] = {**job.variables, **job.secrets}
    odd = [name for name in given if name.startswith("ansible")]
    if odd:
        raise NotFitError("variables of Ansible's own are not a playbook's to be given")
    spec = yaml.safe_load(dict(job.files).get(SPEC, ""))
    if not isinstance(spec, dict):
        raise NotFitError(f"the playbook has no {SPEC}")
    specs = spec["argument_specs"]
    entry = job.entry.partition(".")[0]
    options = specs[entry if entry in specs else "main"]["options"]
    result = ArgumentSpecValidator(options).validate(given)
    # Not its messages: they quote values.
    if result.error_messages:
        kinds = sorted({type(one).__name__ for one in result.errors.errors})
        raise NotFitError(f"the variables do not fit {SPEC}: {', '.join(kinds)}")
    unknown = sorted(set(given) - set(options))
    if unknown:
        raise NotFitError(f"{SPEC} does not know: {', '.join(unknown)}")


def arguments(job: Job, base: Path) -> str:
    """Return ansible-playbook's own arguments: paths of ours and flags, no value."""
    flags = "--check --diff" if job.check else "--diff"
    given = f"{flags} --extra-vars @{base / VARIABLES}"
    # Last and so strongest: no word of a client's playbook says where it acts.
    return f"{given} --extra-vars @{base / REACH}" if job.foreign else given
