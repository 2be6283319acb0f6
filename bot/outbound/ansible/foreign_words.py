"""What a client's playbook may consist of: places of files, words, modules."""

from __future__ import annotations

import re
from typing import Final

# Where Ansible would look for code to run on the worker, or for its own settings.
PLUGINS: Final = re.compile(
    r"(?:.*/)?(?:[a-z]+_plugins|library|module_utils|plugins|collections)/.*"
    r"|(?:.*/)?ansible\.cfg"
)
_SCOPE: Final = r"(?P<scope>roles/[A-Za-z0-9_-]{1,60}/)?"
TASKS: Final = re.compile(_SCOPE + r"(?:tasks|handlers)/(?:[\w-]+/)*[\w-]+\.ya?ml")
VARIABLES: Final = re.compile(
    r"roles/[A-Za-z0-9_-]{1,60}/(?:defaults|vars)/[\w-]+\.ya?ml"
    r"|(?:group|host)_vars/[\w-]+(?:/[\w-]+)*\.ya?ml"
)
TEMPLATES: Final = re.compile(_SCOPE + r"templates/.+")
FILES: Final = re.compile(_SCOPE + r"files/.+")
TOP: Final = re.compile(r"[\w-]+\.ya?ml")
META: Final = re.compile(r"roles/[A-Za-z0-9_-]{1,60}/meta/[\w-]+\.ya?ml")
# Beside the playbook; not laid out.
ASIDE: Final = frozenset(
    {"requirements.yml", "requirements.yaml", "argument_specs.yml"}
)
# A path that is below the playbook, and nothing else.
INSIDE: Final = re.compile(r"[A-Za-z0-9_][\w.-]*(?:/[A-Za-z0-9_][\w.-]*)*")
INCLUDED: Final = re.compile(r"(?:[\w-]+/)*[\w-]+\.ya?ml")
# Below them stands what is not checked as tasks, or not as a template.
ELSEWHERE: Final = frozenset(
    {"defaults", "files", "group_vars", "host_vars", "roles", "templates", "vars"}
)
WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")

VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,80}")
# Variables that say where and how Ansible works, and what it works on.
OWN: Final = re.compile(
    r"ansible.*|inventory.*|delegated_vars|hostvars|groups|group_names|omit|vars"
    r"|environment|play_hosts|playbook_dir|role_(?:path|names?)"
    r"|deploy_version|deploy_commit"
)

PLAY: Final = frozenset(
    [
        "name",
        "hosts",
        "gather_facts",
        "gather_subset",
        "become",
        "become_user",
        "vars",
        "pre_tasks",
        "tasks",
        "post_tasks",
        "handlers",
        "roles",
        "tags",
        "environment",
        "any_errors_fatal",
        "force_handlers",
        "max_fail_percentage",
    ]
)
_SHARED: Final = frozenset(
    [
        "name",
        "when",
        "tags",
        "become",
        "become_user",
        "vars",
        "environment",
        "ignore_errors",
        "any_errors_fatal",
        "no_log",
        "diff",
        "check_mode",
    ]
)
BLOCK: Final = _SHARED | {"block", "rescue", "always"}
TASK: Final = _SHARED | frozenset(
    [
        "args",
        "changed_when",
        "delay",
        "failed_when",
        "listen",
        "loop",
        "loop_control",
        "notify",
        "register",
        "retries",
        "run_once",
        "timeout",
        "until",
        "with_dict",
        "with_items",
    ]
)
ROLE: Final = frozenset(
    ["role", "name", "vars", "tags", "when", "become", "become_user"]
)
LOOP: Final = frozenset(["loop_var", "index_var", "label", "extended"])
EXPRESSIONS: Final = frozenset(["when", "changed_when", "failed_when", "until"])

# What runs on the host; of those that begin on the worker, `foreign.py` knows each.
MODULES: Final = frozenset(
    [
        "apt",
        "apt_key",
        "apt_repository",
        "assert",
        "blockinfile",
        "command",
        "copy",
        "cron",
        "debconf",
        "debug",
        "deb822_repository",
        "dnf",
        "expect",
        "fail",
        "file",
        "find",
        "get_url",
        "getent",
        "git",
        "group",
        "hostname",
        "import_role",
        "import_tasks",
        "include_role",
        "include_tasks",
        "iptables",
        "known_hosts",
        "lineinfile",
        "meta",
        "package",
        "package_facts",
        "ping",
        "pip",
        "replace",
        "rpm_key",
        "service",
        "service_facts",
        "set_fact",
        "setup",
        "shell",
        "slurp",
        "stat",
        "subversion",
        "systemd",
        "systemd_service",
        "sysvinit",
        "tempfile",
        "template",
        "unarchive",
        "uri",
        "user",
        "wait_for",
        "yum_repository",
    ]
)
# Modules whose arguments may be one text: it is what the host's shell gets.
FREE: Final = frozenset({"command", "shell"})
FREE_ARGUMENTS: Final = frozenset(
    [
        "cmd",
        "argv",
        "chdir",
        "creates",
        "removes",
        "executable",
        "stdin",
        "stdin_add_newline",
        "strip_empty_ends",
    ]
)
META_WORDS: Final = frozenset({"flush_handlers", "noop", "end_play", "end_host"})
_TEMPLATE: Final = frozenset(
    [
        "src",
        "dest",
        "owner",
        "group",
        "mode",
        "backup",
        "force",
        "validate",
        "trim_blocks",
        "lstrip_blocks",
        "newline_sequence",
    ]
)
# Modules of which only these arguments are known to do no harm here.
ARGUMENTS: Final = {
    "command": FREE_ARGUMENTS,
    "shell": FREE_ARGUMENTS,
    "template": _TEMPLATE,
    "include_tasks": frozenset({"file"}),
    "import_tasks": frozenset({"file"}),
    "include_role": frozenset({"name", "tasks_from"}),
    "import_role": frozenset({"name", "tasks_from"}),
    "debug": frozenset({"msg", "var", "verbosity"}),
    "assert": frozenset({"that", "msg", "fail_msg", "success_msg", "quiet"}),
}
