"""
What is checked of a client's own playbook before anything of it is run.

It is text from a repository that others may write to, and Ansible would run much of it
on the worker. Only what is known to run on the one host is let through: known places of
files, known words of plays and tasks, known modules, templates that stay with data
(`foreign_text.py`). Everything else is refused, with file and line, and so is what
would change the host while it is only previewed. What it may do on the host is not
judged: that is what people decide on.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.outbound.ansible import foreign_words as words
from bot.outbound.ansible.foreign_text import check_expression, check_template
from bot.outbound.ansible.unfit import Reason, UnfitError

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

_GROUP: Final = "target"
_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{one}"
    for one in ("bool", "float", "int", "map", "null", "seq", "str", "timestamp")
)
_NULL: Final = "tag:yaml.org,2002:null"
_START: Final = yaml.Mark("", 0, 0, 0, "", 0)
_TRUE: Final = frozenset({"true", "yes", "on"})


def laid_out(
    files: Sequence[tuple[str, str]], *, entry: str
) -> tuple[tuple[str, str], ...]:
    """Return the files that the play is run with; raises `UnfitError` if it may not."""
    kept = tuple(_kept(files))
    if entry not in dict(kept):
        raise UnfitError(Reason.PLACE, file=entry, line=1, what=entry)
    checker = _Checker(frozenset(path for path, _ in kept))
    for path, text in kept:
        checker.check(path, text, entry=entry)
    return kept


def _kept(files: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield what is part of the playbook; refuse what would be code on the worker."""
    parts = (words.TASKS, words.VARIABLES, words.TEMPLATES, words.FILES, words.TOP)
    for path, text in files:
        if words.PLUGINS.fullmatch(path):
            raise UnfitError(Reason.PLUGIN, file=path, line=1, what=path)
        if words.META.fullmatch(path):
            _check_meta(path, text)
        elif path in words.ASIDE:
            continue
        elif any(part.fullmatch(path) for part in parts):
            yield path, text
        elif path.endswith((".yml", ".yaml", ".json", ".py")):
            raise UnfitError(Reason.PLACE, file=path, line=1, what=path)


def _check_meta(path: str, text: str) -> None:
    tree = _tree(path, text)
    for key, value in () if _is_null(tree) else _pairs(path, tree):
        empty = isinstance(value, SequenceNode) and not value.value
        if key.value in ("dependencies", "collections") and not empty:
            raise _unfit(Reason.DEPENDENCY, path, key, key.value)


class _Checker:
    """Goes through every word of a playbook's files."""

    def __init__(self, paths: frozenset[str]) -> None:
        self._paths = paths

    def check(self, path: str, text: str, *, entry: str) -> None:
        if words.FILES.fullmatch(path):
            return
        if words.TEMPLATES.fullmatch(path):
            check_template(text, file=path, line=1)
            return
        tree = _tree(path, text)
        self._texts(path, tree)
        if words.VARIABLES.fullmatch(path):
            if not _is_null(tree):
                self._variables(path, tree)
        elif path == entry or _is_plays(tree):
            self._plays(path, tree)
        elif not _is_null(tree):
            self._tasks(path, tree)

    def _texts(self, path: str, node: Node) -> None:
        """Check every text wherever it stands: Ansible evaluates most of them."""
        if node.tag not in _TAGS:
            raise _unfit(Reason.YAML, path, node, node.tag)
        if isinstance(node, ScalarNode):
            check_template(node.value, file=path, line=_line(node))
        elif isinstance(node, SequenceNode):
            for one in node.value:
                self._texts(path, one)
        else:
            for key, value in _pairs(path, node):
                if "{{" in key.value or "{%" in key.value:
                    raise _unfit(Reason.TEMPLATE, path, key, key.value)
                self._texts(path, value)

    def _plays(self, path: str, tree: Node) -> None:
        for play in _items(path, tree):
            found = _known(path, play, words.PLAY)
            hosts = found.get("hosts")
            if not isinstance(hosts, ScalarNode) or hosts.value != _GROUP:
                raise _unfit(Reason.HOSTS, path, hosts or play, _shown(hosts))
            for name in ("pre_tasks", "tasks", "post_tasks", "handlers"):
                if name in found and not _is_null(found[name]):
                    self._tasks(path, found[name])
            if "vars" in found:
                self._variables(path, found["vars"])
            if "roles" in found:
                for role in _items(path, found["roles"]):
                    self._role(path, role)

    def _role(self, path: str, node: Node) -> None:
        if isinstance(node, ScalarNode):
            self._role_name(path, node)
            return
        found = _known(path, node, words.ROLE)
        self._role_name(path, found.get("role") or found.get("name") or node)
        self._common(path, found)

    def _role_name(self, path: str, node: Node) -> None:
        name = node.value if isinstance(node, ScalarNode) else ""
        tasks = {f"roles/{name}/tasks/main.yml", f"roles/{name}/tasks/main.yaml"}
        if not words.WORD.fullmatch(name) or not tasks & self._paths:
            raise _unfit(Reason.LITERAL, path, node, _shown(node))

    def _variables(self, path: str, node: Node) -> None:
        for key, _ in _pairs(path, node):
            self._name(path, key)

    def _name(self, path: str, node: Node) -> None:
        """Refuse a variable that is Ansible's own: some say where it acts."""
        name = node.value if isinstance(node, ScalarNode) else ""
        if not words.VARIABLE.fullmatch(name) or words.OWN.fullmatch(name):
            raise _unfit(Reason.NAME, path, node, _shown(node))

    def _tasks(self, path: str, tree: Node) -> None:
        for task in _items(path, tree):
            keys = {key.value for key, _ in _pairs(path, task)}
            if "block" in keys:
                found = _known(path, task, words.BLOCK)
                self._common(path, found)
                for name in ("block", "rescue", "always"):
                    if name in found:
                        self._tasks(path, found[name])
            else:
                self._task(path, task)

    def _task(self, path: str, task: Node) -> None:
        found, module, arguments = {}, None, None
        for key, value in _pairs(path, task):
            short = key.value.removeprefix("ansible.builtin.")
            if key.value in words.TASK:
                found[key.value] = value
            elif short in words.MODULES and module is None:
                module, arguments = short, value
            else:
                reason = Reason.WORD if module else Reason.MODULE
                raise _unfit(reason, path, key, key.value)
        if module is None or arguments is None:
            raise _unfit(Reason.MODULE, path, task, "-")
        self._common(path, found)
        if "register" in found:
            self._name(path, found["register"])
        if "loop_control" in found:
            loop = _known(path, found["loop_control"], words.LOOP)
            for name in ("loop_var", "index_var"):
                if name in loop:
                    self._name(path, loop[name])
        if "args" in found:
            _known(path, found["args"], words.FREE_ARGUMENTS)
        self._module(path, module, arguments)

    def _common(self, path: str, found: dict[str, Node]) -> None:
        """Check what tasks, blocks and roles have in common."""
        if "vars" in found:
            self._variables(path, found["vars"])
        mode = found.get("check_mode")
        if mode is not None and _shown(mode).lower() not in _TRUE:
            # It would act while it is only previewed, before anybody decides.
            raise _unfit(Reason.CHECK, path, mode, _shown(mode))
        for name in words.EXPRESSIONS & found.keys():
            _expressions(path, found[name])

    def _module(self, path: str, module: str, node: Node) -> None:
        if isinstance(node, ScalarNode):
            self._one_text(path, module, node)
            return
        given = {key.value: value for key, value in _pairs(path, node)}
        _arguments(path, module, node)
        match module:
            case "template":
                self._template(path, given.get("src") or node)
            case "copy" | "unarchive" | "uri":
                self._source(path, module, given)
            case "include_tasks" | "import_tasks":
                self._included(path, given.get("file") or node)
            case "include_role" | "import_role":
                self._role_name(path, given.get("name") or node)
                _literal(path, given.get("tasks_from"), words.WORD)
            case "set_fact":
                self._variables(path, node)
            case "assert" | "debug":
                _expressions(path, given.get("that") or given.get("var"))

    def _one_text(self, path: str, module: str, node: ScalarNode) -> None:
        """Check a module whose arguments are one text."""
        if module in words.FREE:
            return
        if module == "meta":
            if node.value not in words.META_WORDS:
                raise _unfit(Reason.LITERAL, path, node, node.value)
        elif module in ("include_tasks", "import_tasks"):
            self._included(path, node)
        elif not _is_null(node):
            raise _unfit(Reason.ARGUMENT, path, node, node.value)

    def _included(self, path: str, node: Node) -> None:
        """Refuse what is not written out, or is no file of tasks that was checked."""
        _literal(path, node, words.INCLUDED)
        _not_elsewhere(path, node)

    def _template(self, path: str, node: Node) -> None:
        """Refuse a source that is no template of the playbook: those were checked."""
        _literal(path, node, words.INSIDE)
        scope = words.TASKS.fullmatch(path)
        roots = {"", (scope["scope"] or "") if scope else ""}
        if not {f"{root}templates/{node.value}" for root in roots} & self._paths:
            raise _unfit(Reason.LITERAL, path, node, _shown(node))
        _not_elsewhere(path, node)

    def _source(self, path: str, module: str, given: dict[str, Node]) -> None:
        """Refuse a source on the worker that is no file of the playbook."""
        if "src" not in given:
            return
        remote = _shown(given.get("remote_src")).lower() in _TRUE
        if remote:
            return
        if module != "copy":
            raise _unfit(Reason.LITERAL, path, given["src"], f"{module}: src")
        _literal(path, given["src"], words.INSIDE)


def _tree(path: str, text: str) -> Node:
    """Return the one document of a file, without aliases, as nodes with lines."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                what = f"*{event.anchor}"
                raise UnfitError(Reason.YAML, file=path, line=line, what=what)
        found = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = int(error.problem_mark.line) + 1 if error.problem_mark else 1
        what = str(error.problem)
        raise UnfitError(Reason.YAML, file=path, line=line, what=what) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        what = type(error).__name__
        raise UnfitError(Reason.YAML, file=path, line=1, what=what) from error
    # An empty file is one that holds nothing.
    return ScalarNode(_NULL, "", _START, _START) if found is None else found


def _pairs(path: str, node: Node) -> list[tuple[ScalarNode, Node]]:
    """Return the entries of a mapping, whose keys are texts and stand once."""
    if not isinstance(node, MappingNode):
        raise _unfit(Reason.WORD, path, node, _shown(node))
    seen = set()
    for key, _ in node.value:
        if not isinstance(key, ScalarNode) or key.value in seen:
            raise _unfit(Reason.YAML, path, key, _shown(key))
        seen.add(key.value)
    found: list[tuple[ScalarNode, Node]] = node.value
    return found


def _items(path: str, node: Node) -> list[Node]:
    if not isinstance(node, SequenceNode):
        raise _unfit(Reason.WORD, path, node, _shown(node))
    found: list[Node] = node.value
    return found


def _known(path: str, node: Node, known: frozenset[str]) -> dict[str, Node]:
    """Return the entries of a mapping that may hold only these."""
    found = _pairs(path, node)
    for key, _ in found:
        if key.value not in known:
            raise _unfit(Reason.WORD, path, key, key.value)
    return {key.value: value for key, value in found}


def _literal(path: str, node: Node | None, pattern: re.Pattern[str]) -> None:
    """Refuse what is not written out, or not so; nothing if it is not given."""
    if node is None:
        return
    text = node.value if isinstance(node, ScalarNode) else ""
    if not pattern.fullmatch(text) or posixpath.normpath(text) != text:
        raise _unfit(Reason.LITERAL, path, node, _shown(node))


def _arguments(path: str, module: str, node: Node) -> None:
    """Refuse arguments that mean something to Ansible itself, or are not known."""
    for key, _ in _pairs(path, node):
        if key.value.startswith("_"):
            raise _unfit(Reason.ARGUMENT, path, key, key.value)
    known = words.ARGUMENTS.get(module)
    if known is not None:
        _known(path, node, known)


def _not_elsewhere(path: str, node: Node) -> None:
    """Refuse a way that may lead to a file which was not checked for this use."""
    if words.ELSEWHERE & set(_shown(node).split("/")):
        raise _unfit(Reason.LITERAL, path, node, _shown(node))


def _expressions(path: str, node: Node | None) -> None:
    """Check one bare expression, or a list of them; nothing if none is given."""
    if node is None:
        return
    if isinstance(node, ScalarNode):
        check_expression(node.value, file=path, line=_line(node))
        return
    for one in _items(path, node):
        _expressions(path, one)


def _is_plays(tree: Node) -> bool:
    """Say whether a file is a list of plays, and not one of tasks."""
    if not isinstance(tree, SequenceNode) or not tree.value:
        return False
    first = tree.value[0]
    return isinstance(first, MappingNode) and any(
        isinstance(key, ScalarNode) and key.value == "hosts" for key, _ in first.value
    )


def _is_null(node: Node) -> bool:
    return bool(node.tag == _NULL)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _shown(node: Node | None) -> str:
    return node.value if isinstance(node, ScalarNode) else "-"


def _unfit(reason: Reason, path: str, node: Node, what: str) -> UnfitError:
    return UnfitError(reason, file=path, line=_line(node), what=what)
