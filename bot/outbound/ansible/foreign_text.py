"""
Whether a template of a client's playbook stays with data.

Ansible evaluates templates here, on the worker, and not on the host. So of Jinja only
what computes on values is let through, by what it is and never by what it is not: kinds
of syntax, filters and tests by name. Lookups, which read files and run programs of the
worker, are functions, and of functions only a few are known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from bot.outbound.ansible.unfit import Reason, UnfitError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST: Final = 100_000
_DELIMITER: Final = re.compile(r"\{\{|\{%|\{#")
# The first line of a template may choose other delimiters, which we would not see.
_HEADER: Final = "#jinja2:"
_FUNCTIONS: Final = frozenset({"dict", "namespace", "now", "range"})
# Not even named: whatever holds one could be called by another name.
_BARRED: Final = frozenset(
    {"caller", "cycler", "joiner", "lipsum", "lookup", "q", "query", "self", "undef"}
)
_METHODS: Final = frozenset(
    [
        "append",
        "capitalize",
        "count",
        "endswith",
        "extend",
        "get",
        "index",
        "isdigit",
        "items",
        "join",
        "keys",
        "lower",
        "lstrip",
        "replace",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "strftime",
        "title",
        "update",
        "upper",
        "values",
    ]
)
# No `fileglob`, `realpath`, `expanduser`, `expandvars`, `vault` or `unvault`: they look
# at the worker's own files and environment.
_FILTERS: Final = frozenset(
    [
        "abs",
        "b64decode",
        "b64encode",
        "basename",
        "batch",
        "bool",
        "capitalize",
        "center",
        "checksum",
        "combine",
        "comment",
        "count",
        "d",
        "default",
        "dict2items",
        "dictsort",
        "difference",
        "dirname",
        "e",
        "escape",
        "extract",
        "first",
        "flatten",
        "float",
        "from_json",
        "from_yaml",
        "groupby",
        "hash",
        "human_readable",
        "human_to_bytes",
        "indent",
        "int",
        "intersect",
        "items",
        "items2dict",
        "join",
        "last",
        "length",
        "list",
        "log",
        "lower",
        "mandatory",
        "map",
        "max",
        "md5",
        "min",
        "normpath",
        "path_join",
        "pow",
        "product",
        "quote",
        "regex_escape",
        "regex_findall",
        "regex_replace",
        "regex_search",
        "reject",
        "rejectattr",
        "replace",
        "reverse",
        "root",
        "round",
        "select",
        "selectattr",
        "sha1",
        "sort",
        "split",
        "splitext",
        "strftime",
        "string",
        "subelements",
        "sum",
        "symmetric_difference",
        "ternary",
        "title",
        "to_datetime",
        "to_json",
        "to_nice_json",
        "to_nice_yaml",
        "to_uuid",
        "to_yaml",
        "trim",
        "truncate",
        "type_debug",
        "union",
        "unique",
        "upper",
        "urldecode",
        "urlencode",
        "urlsplit",
        "wordcount",
        "zip",
        "zip_longest",
    ]
)
# No `file`, `exists`, `directory`, `link` or `mount`, for the same reason.
_TESTS: Final = frozenset(
    [
        "boolean",
        "all",
        "any",
        "changed",
        "contains",
        "defined",
        "divisibleby",
        "eq",
        "equalto",
        "even",
        "failed",
        "failure",
        "false",
        "float",
        "ge",
        "gt",
        "greaterthan",
        "in",
        "integer",
        "iterable",
        "le",
        "lt",
        "lessthan",
        "lower",
        "mapping",
        "match",
        "ne",
        "none",
        "number",
        "odd",
        "regex",
        "sameas",
        "search",
        "sequence",
        "skipped",
        "string",
        "subset",
        "succeeded",
        "success",
        "superset",
        "true",
        "truthy",
        "falsy",
        "undefined",
        "upper",
        "version",
        "version_compare",
        "==",
        "!=",
        ">",
        ">=",
        "<",
        "<=",
    ]
)
# Their first argument names another filter or test.
_BY_FILTER: Final = frozenset({"map"})
_BY_TEST: Final = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
_SYNTAX: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.For,
    nodes.If,
    nodes.Assign,
    nodes.AssignBlock,
    nodes.With,
    nodes.ExprStmt,
    nodes.Name,
    nodes.NSRef,
    nodes.Const,
    nodes.Tuple,
    nodes.List,
    nodes.Dict,
    nodes.Pair,
    nodes.Keyword,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Test,
    nodes.Call,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Concat,
    nodes.Compare,
    nodes.Operand,
    nodes.BinExpr,
    nodes.UnaryExpr,
)
_READER: Final = Environment(autoescape=False)  # noqa: S701 - it only parses


def check_template(text: str, *, file: str, line: int) -> None:
    """Return if the text is plain or a template that stays with data."""
    if text.lstrip("\ufeff").startswith(_HEADER):
        raise UnfitError(Reason.TEMPLATE, file=file, line=line, what=_HEADER)
    if _DELIMITER.search(text):
        _check(text, file=file, line=line, lines=True)


def check_expression(text: str, *, file: str, line: int) -> None:
    """Return if a bare expression (`when:`, `that:`) stays with data."""
    if _DELIMITER.search(text) or "}}" in text:
        raise UnfitError(Reason.TEMPLATE, file=file, line=line, what=text)
    _check(f"{{{{ {text} }}}}", file=file, line=line, lines=False)


def _check(text: str, *, file: str, line: int, lines: bool) -> None:
    if len(text) > _LARGEST:
        raise UnfitError(Reason.TEMPLATE, file=file, line=line, what=text)
    try:
        for node in _all(_READER.parse(text)):
            refusal = _refusal(node)
            if refusal is not None:
                reason, what = refusal
                at = line + node.lineno - 1 if lines else line
                raise UnfitError(reason, file=file, line=at, what=what)
    except (TemplateSyntaxError, RecursionError) as error:
        raise UnfitError(Reason.TEMPLATE, file=file, line=line, what=text) from error


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _all(child)


def _refusal(node: nodes.Node) -> tuple[Reason, str] | None:
    """Return why this piece of a template may not be there, or nothing."""
    if isinstance(node, nodes.Call):
        return _call(node)
    if isinstance(node, nodes.Filter):
        return _filter(node)
    if isinstance(node, nodes.Const):
        return _constant(node.value)
    if not isinstance(node, _SYNTAX):
        return Reason.TEMPLATE, type(node).__name__.lower()
    barred = _barred(node)
    return None if barred is None else (Reason.FUNCTION, barred)


def _barred(node: nodes.Node) -> str | None:
    """Return the name of what may not even be named, or nothing."""
    if isinstance(node, nodes.Name) and node.name in _BARRED:
        return str(node.name)
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        return f"is {node.name}"
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return str(node.attr)
    return None


def _constant(value: object) -> tuple[Reason, str] | None:
    """Refuse a template in a text of an expression: Ansible would evaluate it too."""
    if isinstance(value, str) and (_DELIMITER.search(value) or value.startswith("__")):
        return Reason.TEMPLATE, value
    return None


def _call(node: nodes.Call) -> tuple[Reason, str] | None:
    called = node.node
    if isinstance(called, nodes.Name) and called.name in _FUNCTIONS:
        return None
    if isinstance(called, nodes.Getattr) and called.attr in _METHODS:
        return None
    name = getattr(called, "name", None) or getattr(called, "attr", None) or "(…)"
    return Reason.FUNCTION, str(name)


def _filter(node: nodes.Filter) -> tuple[Reason, str] | None:
    name = _short(node.name)
    if name not in _FILTERS:
        return Reason.FUNCTION, node.name
    known, place = _FILTERS, 0
    if name in _BY_TEST:
        known, place = _TESTS, _BY_TEST[name]
    elif name not in _BY_FILTER:
        return None
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return Reason.FUNCTION, node.name
    if len(node.args) <= place:
        return None
    named = node.args[place]
    found = named.value if isinstance(named, nodes.Const) else None
    if isinstance(found, str) and _short(found) in known:
        return None
    return Reason.FUNCTION, f"{node.name}({found or '…'})"


def _short(name: str) -> str:
    return name.removeprefix("ansible.builtin.")
