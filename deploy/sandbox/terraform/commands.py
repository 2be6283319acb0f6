"""The stand-in's commands: a workspace and arguments in, an exit code out."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from deploy.sandbox import clock
from deploy.sandbox.terraform.apply import apply_plan
from deploy.sandbox.terraform.arguments import Arguments
from deploy.sandbox.terraform.cloud import Cloud
from deploy.sandbox.terraform.configuration import Configuration
from deploy.sandbox.terraform.desired import declared, desired, provider
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.plan import Attributes, Plan, make_plan
from deploy.sandbox.terraform.plan_file import SavedPlan
from deploy.sandbox.terraform.plan_json import plan_document, state_document
from deploy.sandbox.terraform.plan_text import counts, plan_text
from deploy.sandbox.terraform.state import State, locked, parse_state
from deploy.sandbox.terraform.version import VERSION
from deploy.sandbox.terraform.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.sandbox.terraform.values import Value

CHANGES_PRESENT: Final = 2


def version(workspace: Workspace, arguments: Arguments) -> int:
    system = f"{platform.system().lower()}_{platform.machine()}"
    if arguments.flag("json"):
        document = {
            "terraform_version": VERSION,
            "platform": system,
            "provider_selections": {},
            "terraform_outdated": False,
        }
        workspace.say(json.dumps(document, indent=2))
    else:
        workspace.say(f"Terraform v{VERSION}\non {system}")
        workspace.say("This is the sandbox's stand-in, not HashiCorp's program.")
    return 0


def init(workspace: Workspace, arguments: Arguments) -> int:
    workspace.say("Initializing the backend...")
    path = workspace.initialize(arguments.options.get("backend-config", ()))
    workspace.say(f'The backend "local" keeps the state in {path}.')
    workspace.say("Terraform (the sandbox's stand-in) has been initialized.")
    return 0


def validate(workspace: Workspace, arguments: Arguments) -> int:
    fault: TerraformError | None = None
    try:
        configuration = workspace.configuration()
        provider(configuration)
        declared(configuration)
        desired(configuration)
        _ = configuration.outputs
    except TerraformError as found:
        fault = found
    if not arguments.flag("json"):
        if fault is not None:
            raise fault
        workspace.say("Success! The configuration is valid.")
        return 0
    workspace.say(json.dumps(_verdict(fault), indent=2))
    return 0 if fault is None else 1


def _verdict(fault: TerraformError | None) -> Mapping[str, object]:
    diagnostics: list[Mapping[str, object]] = []
    if fault is not None:
        found: dict[str, object] = {
            "severity": "error",
            "summary": fault.summary,
            "detail": fault.detail,
        }
        if fault.where is not None:
            start = {"line": fault.where.line, "column": fault.where.column}
            found["range"] = {"filename": fault.where.file, "start": start}
        diagnostics.append(found)
    return {
        "format_version": "1.0",
        "valid": fault is None,
        "error_count": len(diagnostics),
        "warning_count": 0,
        "diagnostics": diagnostics,
    }


def fmt(workspace: Workspace, arguments: Arguments) -> int:
    del workspace, arguments
    raise TerraformError(
        "Not done by the sandbox's stand-in",
        detail="Formatting is not checked or changed here; install terraform for it.",
    )


def plan(workspace: Workspace, arguments: Arguments) -> int:
    path = workspace.state_path()
    sources = workspace.sources()
    configuration = Configuration.of(sources, environment=workspace.environment)
    with locked(path, timeout=arguments.seconds("lock-timeout")) as file:
        made = _planned(workspace, configuration, file.state)
    workspace.say(plan_text(made))
    if out := arguments.text("out"):
        saved = SavedPlan.of(
            made,
            made_at=clock.now(),
            state_path=path,
            sources=sources,
            environment=workspace.environment,
        )
        (workspace.directory / out).write_text(saved.model_dump_json())
        workspace.say(f"Saved the plan to: {out}")
    if arguments.flag("detailed-exitcode") and made.has_changes:
        return CHANGES_PRESENT
    return 0


def _planned(workspace: Workspace, configuration: Configuration, state: State) -> Plan:
    cloud = Cloud(workspace.access(configuration))

    def look(kind: str, name: str, wanted: Attributes) -> Attributes:
        workspace.say(f"data.{kind}.{name}: Reading...")
        return cloud.look(kind, wanted)

    for address, recorded in sorted(state.instances.items()):
        workspace.say(f"{address}: Refreshing state... [id={recorded['id']}]")
    return make_plan(configuration, state, read=cloud.read, look=look)


def show(workspace: Workspace, arguments: Arguments) -> int:
    as_json = arguments.flag("json")
    if not arguments.positional:
        path = workspace.state_path()
        raw = path.read_bytes() if path.exists() else b""
        document = state_document(parse_state(raw, name=str(path)))
        workspace.say(json.dumps(document, indent=None if as_json else 2))
        return 0
    saved = SavedPlan.read(workspace.directory / arguments.positional[0])
    if as_json:
        document = plan_document(
            saved.plan(), configuration=saved.configuration(), made_at=saved.made_at
        )
        workspace.say(json.dumps(document, ensure_ascii=False))
    else:
        workspace.say(plan_text(saved.plan()))
    return 0


def apply(workspace: Workspace, arguments: Arguments) -> int:
    timeout = arguments.seconds("lock-timeout")
    if arguments.positional:
        saved = SavedPlan.read(workspace.directory / arguments.positional[0])
        configuration = saved.configuration()
        made = saved.plan()
        path = saved.state_path
    elif arguments.flag("auto-approve"):
        configuration = workspace.configuration()
        path = workspace.state_path()
        with locked(path, timeout=timeout) as file:
            made = _planned(workspace, configuration, file.state)
        workspace.say(plan_text(made))
    else:
        raise TerraformError(
            "Nobody to ask", detail="Give a saved plan, or -auto-approve."
        )
    _apply(workspace, made, configuration=configuration, path=path, timeout=timeout)
    return 0


def _apply(
    workspace: Workspace,
    made: Plan,
    *,
    configuration: Configuration,
    path: Path,
    timeout: float,
) -> None:
    with locked(path, timeout=timeout) as file:
        outputs = apply_plan(
            made,
            file=file,
            configuration=configuration,
            cloud=Cloud(workspace.access(configuration)),
            say=workspace.say,
        )
    added, changed, destroyed = counts(made)
    workspace.say(
        f"\nApply complete! Resources: {added} added, {changed} changed, "
        f"{destroyed} destroyed."
    )
    if outputs:
        workspace.say("\nOutputs:\n")
        for name, value in outputs.items():
            workspace.say(f"{name} = {json.dumps(value, ensure_ascii=False)}")


def output(workspace: Workspace, arguments: Arguments) -> int:
    path = workspace.state_path()
    raw = path.read_bytes() if path.exists() else b""
    outputs = parse_state(raw, name=str(path)).outputs
    if arguments.positional:
        workspace.say(_one_output(outputs, arguments))
    elif arguments.flag("json"):
        document = {n: {"sensitive": False, "value": v} for n, v in outputs.items()}
        workspace.say(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for name, value in outputs.items():
            workspace.say(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    return 0


def _one_output(outputs: Mapping[str, Value], arguments: Arguments) -> str:
    (name, *_) = arguments.positional
    if name not in outputs:
        raise TerraformError(f'Output "{name}" not found')
    value = outputs[name]
    if arguments.flag("raw"):
        if not isinstance(value, str):
            raise TerraformError(f'Output "{name}" is not a string')
        return value
    return json.dumps(value, ensure_ascii=False)


Command = Callable[[Workspace, Arguments], int]
_LOCK: Final = ("lock-timeout", "input", "no-color", "compact-warnings")
COMMANDS: Final[Mapping[str, tuple[Command, tuple[str, ...]]]] = {
    "version": (version, ("json",)),
    "init": (init, ("backend-config", "reconfigure", "lockfile", *_LOCK)),
    "validate": (validate, ("json", "no-color")),
    "fmt": (fmt, ("check", "diff", "recursive", "no-color", "list", "write")),
    "plan": (plan, ("out", "detailed-exitcode", *_LOCK)),
    "show": (show, ("json", "no-color")),
    "apply": (apply, ("auto-approve", *_LOCK)),
    "output": (output, ("json", "raw", "no-color")),
}
