"""
The control directory of one play: everything Ansible reads, and nothing else.

It is 0700, on a file system in memory where there is one, and its parent removes it
when the play has ended. User values stand in one file of variables, each marked unsafe,
so that ansible-core never takes them for a template; in `-e` it would.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.outbound.ansible.job import Job

GROUP: Final = "target"
INVENTORY: Final = "hosts.json"
KEY: Final = "id"
VARIABLES: Final = "variables.json"
# Which of the variables are secret: their names alone.
SECRET: Final = "secret.json"  # noqa: S105 - a file's name
REACH: Final = "reach.json"

# OpenSSH takes nothing from files or agents of whoever runs the worker.
_SSH: Final = (
    "-F none",
    "-o ControlMaster=auto",
    "-o ControlPersist=30s",
    "-o IdentityAgent=none",
    "-o IdentitiesOnly=yes",
    "-o PreferredAuthentications=publickey",
    "-o StrictHostKeyChecking=yes",
    "-o GlobalKnownHostsFile=none",
    "-o UpdateHostKeys=no",
    "-o CheckHostIP=no",
    "-o ForwardAgent=no",
    "-o ClearAllForwardings=yes",
)
# Pipelining would leave the remote command without a terminal, and so alive when it is
# cancelled: measured in research/stack-trials.md, section 4.6.
_CONFIG: Final = """\
[defaults]
any_errors_fatal = True
collections_path = {base}/collections
deprecation_warnings = False
forks = 1
gathering = explicit
host_key_checking = True
inject_facts_as_vars = False
local_tmp = {base}/tmp
localhost_warning = False
no_target_syslog = True
nocows = True
retry_files_enabled = False
timeout = 15
[inventory]
enable_plugins = yaml
unparsed_is_failed = True
[ssh_connection]
control_path = %(directory)s/%%C
control_path_dir = {base}/cp
pipelining = False
retries = 0
ssh_args = {ssh}
transfer_method = piped
"""


def unsafe_json(variables: Mapping[str, str | int | bool]) -> str:
    """
    Return the variables as JSON whose texts Ansible reads back literally.

    Not as YAML with `!unsafe`: there ansible-core 2.19 reads `!unsafe "yes"` as true.
    """
    return json.dumps(
        {
            name: {"__ansible_unsafe": value} if isinstance(value, str) else value
            for name, value in variables.items()
        }
    )


def lay_out(job: Job) -> Path:
    """Fill the job's folder, which is there and empty, and return it."""
    base = Path(job.folder)
    for name in ("collections", "cp", "project", "tmp"):
        (base / name).mkdir(mode=0o700)
    for path, text in job.files:
        _write(base / "project" / _inside(path), text)
    reach = job.reach
    _write(base / KEY, job.private_key)
    _write(base / "id-cert.pub", job.certificate)
    _write(base / "known_hosts", f"{reach.host} {reach.host_key}\n")
    _write(base / VARIABLES, unsafe_json({**job.variables, **job.secrets}))
    _write(base / SECRET, json.dumps(sorted(job.secrets)))
    _write(base / "ansible.cfg", _CONFIG.format(base=base, ssh=" ".join(_SSH)))
    host = {
        "ansible_host": reach.address,
        "ansible_port": reach.port,
        "ansible_user": reach.user,
        "ansible_connection": "ssh",
        "ansible_become": reach.become,
        "ansible_python_interpreter": reach.python,
        "ansible_ssh_private_key_file": str(base / KEY),
        "ansible_ssh_extra_args": (
            f"-o CertificateFile={base}/id-cert.pub -o HostKeyAlias={reach.host}"
            f" -o UserKnownHostsFile={base}/known_hosts"
        ),
    }
    _write(base / REACH, json.dumps(host))
    _write(
        base / INVENTORY,
        json.dumps({GROUP: {"hosts": {reach.host: host}}}),
    )
    return base


def _inside(path: str) -> Path:
    """Return a playbook's own file's place; none leads out of the folder."""
    found = Path(path)
    if found.is_absolute() or ".." in found.parts:
        raise ValueError("a playbook's file leads out of its folder")
    return found


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
