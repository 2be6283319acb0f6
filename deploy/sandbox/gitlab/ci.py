"""
`.gitlab-ci.yml` → the jobs of one pipeline. Pure: text in, jobs or the complaint out.

A subset, and strict about it: a keyword outside it is an error that the pipeline shows
as `yaml_errors`, as GitLab does, so nobody believes that a line works when it is not
read. https://docs.gitlab.com/ci/yaml/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Final, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STAGES: Final = ["build", "test", "deploy"]
_VARIABLE: Final = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)
_DURATION: Final = re.compile(r"([0-9]{1,5})\s*(s|m|h)[a-z]*", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}


class CiError(Exception):
    """The file cannot be used; the text is for `yaml_errors`."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _scalar(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Lines = Annotated[list[str], BeforeValidator(_as_list)]
Text = Annotated[str, BeforeValidator(_scalar)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rule(_Strict):
    if_: str | None = None
    changes: list[str] | None = None
    when: Literal["on_success", "never"] = "on_success"
    variables: dict[str, Text] = {}


class _Artifacts(_Strict):
    paths: list[str] = []
    when: Literal["on_success", "on_failure", "always"] = "on_success"
    expire_in: str = ""
    name: str = ""
    reports: dict[str, Lines] = {}


class _Need(_Strict):
    job: str
    artifacts: bool = True


class _Job(_Strict):
    script: Lines
    stage: str = "test"
    before_script: Lines | None = None
    variables: dict[str, Text] = {}
    rules: list[_Rule] | None = None
    needs: list[str | _Need] | None = None
    artifacts: _Artifacts = _Artifacts()
    allow_failure: bool = False
    timeout: str = "1h"
    resource_group: str | None = None
    environment: str | dict[str, str] | None = None
    interruptible: bool = False
    image: str | None = None  # this runner is GitLab's "shell executor": no images
    tags: list[str] = []


@dataclass(frozen=True)
class Context:
    """What rules are judged by: the predefined variables and the changed paths."""

    variables: Mapping[str, str]
    changed: Sequence[str]


@dataclass(frozen=True)
class JobPlan:
    name: str
    stage: str
    stage_index: int
    script: tuple[str, ...]
    variables: Mapping[str, str]
    needs: tuple[str, ...] | None
    artifact_paths: tuple[str, ...]
    artifacts_when: Literal["on_success", "on_failure", "always"]
    allow_failure: bool
    timeout: float
    resource_group: str | None
    environment: str | None


@dataclass(frozen=True)
class Plan:
    stages: tuple[str, ...]
    jobs: tuple[JobPlan, ...]


def plan(text: str, *, context: Context) -> Plan:
    """Return the jobs that this file runs in this context, or raise CiError."""
    document = _document(text)
    stages = _strings(document.pop("stages", _STAGES), "stages")
    variables = _variables(document.pop("variables", {}))
    before = _strings(_as_list(document.pop("before_script", [])), "before_script")
    workflow = document.pop("workflow", None)
    scope = Context({**variables, **context.variables}, context.changed)
    if workflow is not None and _applies(_workflow(workflow), scope) is None:
        return Plan(tuple(stages), ())
    jobs = []
    for name, body in document.items():
        if not name.startswith("."):
            job = _job(name, body, stages=stages)
            found = _planned(
                name,
                job,
                stages=stages,
                before=before,
                variables=variables,
                scope=scope,
            )
            jobs.extend([found] if found else [])
    _check_needs(jobs)
    jobs.sort(key=lambda job: job.stage_index)
    return Plan(tuple(stages), tuple(jobs))


def expand(value: str, variables: Mapping[str, str]) -> str:
    """Return `value` with `$NAME`, `${NAME}` replaced once; unknown ones by nothing."""
    return _VARIABLE.sub(lambda m: variables.get(m[1] or m[2], ""), value)


def _planned(
    name: str,
    job: _Job,
    *,
    stages: list[str],
    before: list[str],
    variables: dict[str, str],
    scope: Context,
) -> JobPlan | None:
    ruled: dict[str, str] = {}
    if job.rules is None:
        # A job without rules runs for branches, not for merge requests.
        if scope.variables.get("CI_PIPELINE_SOURCE") == "merge_request_event":
            return None
    elif (rule := _applies(job.rules, scope)) is None:
        return None
    else:
        ruled = rule.variables
    environment = job.environment
    if isinstance(environment, dict):
        environment = environment.get("name")
    first = before if job.before_script is None else job.before_script
    return JobPlan(
        name=name,
        stage=job.stage,
        stage_index=stages.index(job.stage),
        script=(*first, *job.script),
        variables={**variables, **job.variables, **ruled},
        needs=None
        if job.needs is None
        else tuple(n if isinstance(n, str) else n.job for n in job.needs),
        artifact_paths=(
            *job.artifacts.paths,
            *(path for paths in job.artifacts.reports.values() for path in paths),
        ),
        artifacts_when=job.artifacts.when,
        allow_failure=job.allow_failure,
        timeout=_duration(name, job.timeout),
        resource_group=job.resource_group,
        environment=environment,
    )


def _document(text: str) -> dict[str, object]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CiError(f"Invalid configuration format: {error}") from error
    if not isinstance(document, dict) or not all(isinstance(k, str) for k in document):
        raise CiError("Invalid configuration format")
    return document


def _strings(value: object, name: str) -> list[str]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise CiError(f"{name} config should be an array of strings")


def _variables(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise CiError("variables config should be a hash of key value pairs")
    found = {key: _scalar(item) for key, item in value.items()}
    for key, item in found.items():
        if not isinstance(key, str) or not isinstance(item, str):
            raise CiError("variables config should be a hash of key value pairs")
    return found  # type: ignore[return-value] # each pair was looked at just above


def _workflow(value: object) -> list[_Rule]:
    if not isinstance(value, dict) or set(value) != {"rules"}:
        raise CiError("workflow config: only `rules` is supported")
    return (
        _job("workflow", {"script": "", "rules": value["rules"]}, stages=["test"]).rules
        or []
    )


def _job(name: str, body: object, *, stages: list[str]) -> _Job:
    if not isinstance(body, dict):
        raise CiError(f"jobs:{name} config should be a hash")
    if isinstance(rules := body.get("rules"), list):
        body = {**body, "rules": [_renamed(rule) for rule in rules]}
    try:
        job = _Job.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ":".join(str(part) for part in ("jobs", name, *first["loc"]))
        if first["type"] == "extra_forbidden":
            raise CiError(f"{where} config contains unknown keys") from error
        raise CiError(f"{where} config: {first['msg']}") from error
    if job.stage not in stages:
        choice = ", ".join([".pre", *stages, ".post"])
        raise CiError(
            f"{name} job: chosen stage {job.stage} does not exist; "
            f"available stages are {choice}"
        )
    return job


def _renamed(rule: object) -> object:
    if isinstance(rule, dict) and "if" in rule:
        return {("if_" if key == "if" else key): item for key, item in rule.items()}
    return rule


def _check_needs(jobs: list[JobPlan]) -> None:
    names = {job.name for job in jobs}
    for job in jobs:
        for need in job.needs or ():
            if need not in names:
                raise CiError(
                    f"'{job.name}' job needs '{need}' job, but '{need}' does not "
                    "exist in the pipeline"
                )


def _duration(name: str, text: str) -> float:
    total = sum(int(count) * _SECONDS[unit] for count, unit in _DURATION.findall(text))
    if total <= 0:
        raise CiError(f"jobs:{name}:timeout config should be a duration")
    return float(total)


def _applies(rules: Sequence[_Rule], scope: Context) -> _Rule | None:
    """Return the first rule that matches, None when that is `never` or none does."""
    for rule in rules:
        if rule.if_ is not None and not _true(rule.if_, scope.variables):
            continue
        if rule.changes is not None and not any(
            matches(path, glob) for path in scope.changed for glob in rule.changes
        ):
            continue
        return None if rule.when == "never" else rule
    return None


def matches(path: str, glob: str) -> bool:
    """Say whether a path fits a glob as Ruby's File.fnmatch with FNM_PATHNAME does."""
    return _match(path.split("/"), glob.split("/"))


def _match(path: list[str], glob: list[str]) -> bool:
    # How much of the path the glob so far may have taken: nothing is tried twice.
    taken = {0}
    for part in glob:
        if part == "**":
            taken = set(range(min(taken), len(path) + 1))
        else:
            taken = {
                at + 1 for at in taken if at < len(path) and fnmatchcase(path[at], part)
            }
        if not taken:
            return False
    return len(path) in taken


_TOKEN: Final = re.compile(
    r"\s*(?:(\$[A-Za-z_]\w*)|\"([^\"]*)\"|'([^']*)'|(==|!=)|(&&|\|\|)|(null))", re.ASCII
)


def _true(text: str, variables: Mapping[str, str]) -> bool:
    """Judge `$A == "x" && $B`; `&&` binds tighter; no brackets, no patterns."""
    return any(
        all(_comparison(part, text, variables) for part in _split(group, "&&"))
        for group in _split(_tokens(text), "||")
    )


_Token = tuple[Literal["var", "text", "op", "join"], str]


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise CiError(f"rules:if invalid expression syntax: {text}")
        variable, double, single, operator, join, _ = match.groups()
        if variable:
            found.append(("var", variable[1:]))
        elif operator:
            found.append(("op", operator))
        elif join:
            found.append(("join", join))
        else:
            # `null` equals a variable that is not set: both are the empty text here.
            found.append(("text", double or single or ""))
        at = match.end()
    return found


def _split(tokens: list[_Token], join: str) -> list[list[_Token]]:
    groups: list[list[_Token]] = [[]]
    for token in tokens:
        if token == ("join", join):
            groups.append([])
        else:
            groups[-1].append(token)
    return groups


def _comparison(tokens: list[_Token], text: str, variables: Mapping[str, str]) -> bool:
    values = [
        variables.get(word, "") if kind == "var" else word for kind, word in tokens
    ]
    match [kind for kind, _ in tokens]:
        case ["var"]:
            return values[0] != ""
        case [("var" | "text"), "op", ("var" | "text")]:
            return (values[0] == values[2]) is (values[1] == "==")
    raise CiError(f"rules:if invalid expression syntax: {text}")
