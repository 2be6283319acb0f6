"""
What ansible-playbook tells ansible-runner, freed of the play's secrets.

ansible-runner's own plugin hands each event over as a file below `artifacts`. This one
is loaded in its place, by its name, and is the same but for what those files hold: a
secret that a task gives away is hidden before anything is written.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from ansible_runner.display_callback.callback import awx_display as runners

from bot.outbound.ansible.folder import KEY, SECRET, VARIABLES
from bot.outbound.ansible.hiding import hide_in

# Ansible reads this from the file itself, before it loads it.
DOCUMENTATION = """
    callback: awx_display
    short_description: events for ansible-runner, without the play's secrets
    version_added: "2.0"
    description:
        - As ansible-runner's plugin of this name, which it is made of
    type: stdout
    extends_documentation_fragment:
      - default_callback
    requirements:
      - Set as stdout in config
"""
CallbackModule = runners.CallbackModule


@cache
def _secrets() -> tuple[str, ...]:
    """Return what the play was lent; the process has it already, to run the play."""
    config = os.environ["ANSIBLE_CONFIG"]  # noqa: TID251 - what child.py started Ansible with
    base = Path(config).parent
    names = json.loads((base / SECRET).read_text(encoding="utf-8"))
    values = json.loads((base / VARIABLES).read_text(encoding="utf-8"))
    lent = tuple(values[name]["__ansible_unsafe"] for name in names)
    return ((base / KEY).read_text(encoding="utf-8"), *lent)


_write = runners.IsolatedFileWrite.set


def _hidden(self: object, key: str, value: object) -> None:
    # As JSON first: an event holds objects of Ansible's, each of which may be a text.
    plain = json.loads(json.dumps(value, cls=runners.AnsibleJSONEncoderLocal))
    _write(self, key, hide_in(plain, secrets=_secrets()))


runners.IsolatedFileWrite.set = _hidden
