"""
Every text that the code names is there, with the arguments it needs; none is left over.

The code is read, not run: calls that name a text by a literal, and f-strings that name
a family of texts. A part of a family counts as named when its varying part is a string
that stands somewhere in the code.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

from bot.domain.audit import EventName
from bot.domain.catalog import DeciderRole
from bot.domain.decision import Verdict
from bot.domain.editing.refusal import Reason as EditingReason
from bot.domain.operation import State
from bot.domain.proposal import Bound
from bot.domain.scope import Environment, Risk
from bot.domain.terraform.finding import Kind
from bot.domain.terraform.refusal import Reason
from bot.outbound.catalog_policies import shipped

ROOT = Path(__file__).parents[2]
CODE = sorted(
    file
    for folder in ("bot", "playbooks", "commands")
    for file in (ROOT / folder).rglob("*.py")
)
# Functions that name a text by a part of its key: at which place, and after what.
BY_PART = {
    "unfit": (0, "grammar."),
    "_no": (0, "refused."),
    "_turn_away": (1, "refused."),
    "_not": (0, "playbook.rds-snapshot."),
    "_line": (0, "playbook.rds-snapshot.fact-"),
    "_not_so": (0, "playbook.new-database."),
    "_database_fact": (0, "playbook.new-database.fact-"),
    "flaw": (1, "catalog."),
    "wrong": (1, "catalog."),
}
IN_FULL = ("of", "words", "label")
FAMILIES = {
    "state": [one.value for one in State],
    "environment": [one.value for one in Environment],
    "risk": [one.name.lower() for one in Risk],
    "role": [one.value for one in DeciderRole],
    "changed": list(Bound.model_fields),
    "event": [one.value for one in EventName],
    "guard": [one.value for one in Kind],
    "refused-editing": [one.value for one in EditingReason],
    "refused-terraform": [one.value for one in Reason],
    "because": re.findall(r'@reason\("([a-z-]+)"\)', shipped().files[0].text),
    "decided": [one.value for one in Verdict],
    "thread": [f"{one.value}{more}" for one in Verdict for more in ("", "-because")],
    "card": [f"{one.value}{more}" for one in Verdict for more in ("", "-because")],
}
PREFIXES = (
    "grammar-",
    "refused-",
    "catalog-",
    "playbook-rds-snapshot-",
    "playbook-new-database-",
)
# Marks of mrkdwn: how words look is not for the words to say.
MARKS = re.compile(r"[*~`<>&]|:[^\s:]+:|(?<![^\W_])_|_(?![^\W_])")
SENTENCE = re.compile(r"[A-Z][a-z]+(?: [\w',-]+){2,}.*", re.DOTALL)


class _Names(Visitor):
    def __init__(self):
        self.variables, self.words = set(), []

    def visit_VariableReference(self, node):  # noqa: N802 - the visitor's own name
        self.variables.add(node.id.name)

    def visit_TextElement(self, node):  # noqa: N802 - the visitor's own name
        self.words.append(node.value)


@cache
def texts():
    """Every English text: its id, the variables it uses, and its own words."""
    found = {}
    for file in sorted((ROOT / "bot/messages").glob("*.en.ftl")):
        resource = FluentParser().parse(file.read_text(encoding="utf-8"))
        for entry in resource.body:
            assert not isinstance(entry, ftl.Junk), f"{file.name}: {entry.content}"
            if isinstance(entry, ftl.Message):
                assert entry.id.name not in found, f"{entry.id.name} is there twice"
                names = _Names()
                names.visit(entry)
                found[entry.id.name] = (names.variables, " ".join(names.words))
    return found


@cache
def tree(file):
    return ast.parse(file.read_text(encoding="utf-8"))


def nodes(kind):
    return [(f, n) for f in CODE for n in ast.walk(tree(f)) if isinstance(n, kind)]


def identity(key):
    return key.replace(".", "-").replace("_", "-")


def literals(node):
    """The strings that an argument may be: itself, or either side of an `if`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*literals(node.body), *literals(node.orelse)]
    return []


def named():
    """Every call that names a text literally: where, the key, and its arguments."""
    for file, call in nodes(ast.Call):
        of = call.func
        name = of.attr if isinstance(of, ast.Attribute) else getattr(of, "id", "")
        place, prefix = BY_PART.get(name, (0, "") if name in IN_FULL else (None, ""))
        if place is None or len(call.args) <= place:
            continue
        rest = call.args[place + 1 : place + 2]
        for key in literals(call.args[place]):
            if name in IN_FULL and not re.fullmatch(r"[a-z]+(?:\.[a-z0-9-]+)+", key):
                continue
            where = f"{file.relative_to(ROOT)}:{call.lineno}"
            yield where, identity(prefix + key), rest, call.keywords


def test_every_text_that_is_named_is_there():
    missing = {f"{w}: {key}" for w, key, _, _ in named() if key not in texts()}

    assert missing == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_of_a_family_has_its_text(family):
    wanted = {f"{family}-{identity(part)}" for part in FAMILIES[family]}

    assert wanted - set(texts()) == set()


def test_no_text_uses_an_argument_that_is_not_given():
    lacking = []
    for where, key, rest, keywords in named():
        given = {one.arg for one in keywords}
        if rest and not isinstance(rest[0], ast.Dict):
            continue
        if rest and any(name is None for name in rest[0].keys):
            continue
        given |= {name for one in rest for key_ in one.keys for name in literals(key_)}
        used = texts().get(key, (set(), ""))[0]
        if used - given:
            lacking.append(f"{where}: {key} lacks {sorted(used - given)}")

    assert lacking == []


def test_every_text_is_used():
    constants = {
        identity(one.value)
        for _, one in nodes(ast.Constant)
        if isinstance(one.value, str)
    }
    constants |= {identity(part) for parts in FAMILIES.values() for part in parts}
    patterns = [_pattern(one) for _, one in nodes(ast.JoinedStr)]

    def used(text):
        for key in (text, *(text.removeprefix(one) for one in PREFIXES)):
            if key in constants:
                return True
            for pattern in patterns:
                found = pattern.fullmatch(key)
                if found and all(part in constants for part in found.groups() if part):
                    return True
        return False

    assert [text for text in texts() if not used(text)] == []


def _pattern(node):
    """An f-string as a pattern of ids; one that names no text matches nothing."""
    parts = [
        identity(one.value) if isinstance(one, ast.Constant) else None
        for one in node.values
    ]
    fixed = "".join(part or "" for part in parts)
    if not re.fullmatch(r"[a-z0-9-]{3,}", fixed):
        return re.compile(r"(?!)")
    made = (r"(.*)" if part is None else re.escape(part) for part in parts)
    return re.compile("".join(made))


def test_no_text_says_how_it_looks():
    # What is said of a catalog is for the operator's terminal, where nothing is markup.
    marked = [
        name
        for name, (_, words) in texts().items()
        if MARKS.search(words) and not name.startswith("catalog-")
    ]

    assert marked == []


def test_no_words_for_people_stand_in_the_code():
    found = []
    for folder in ("flow", "inbound", "outbound/slack"):
        for file in sorted((ROOT / "bot" / folder).rglob("*.py")):
            if file.name == "manifest.py":
                continue  # Slack itself shows it, where no language of ours reaches
            found += [
                f"{file.relative_to(ROOT)}:{line}: {text}"
                for line, text in _sentences(tree(file))
            ]

    assert found == []


def _sentences(node):
    """Strings that read like words for a person, those of errors and logs aside."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise) or _is_docstring(child) or _is_apart(child):
            continue
        if (
            isinstance(child, ast.Constant)
            and isinstance(child.value, str)
            and SENTENCE.fullmatch(child.value)
        ):
            yield child.lineno, child.value
        yield from _sentences(child)


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_apart(node):
    """Errors for us, and Tandem's note in GitLab, which is in English like the code."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.keyword) and node.arg == "note"
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    errors = ("Broken", "Unavailable", "OutcomeUnknown", "Overtaken", "_Turned")
    return name in (*errors, "warning", "error", "info", "exception")
