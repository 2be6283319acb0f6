"""
The operator's command: `python -m deploy.vault --address … --plan plan.yaml`.

The administrator's token is read from a file or from standard input, never from argv or
the environment, where other processes could see it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

import yaml
from pydantic import SecretStr, ValidationError

from bot.domain.errors import TandemError
from deploy.vault.admin import Admin
from deploy.vault.bootstrap import (
    FRONT,
    WORKER,
    BootstrapError,
    BootstrapReport,
    bootstrap,
)
from deploy.vault.plan import VaultPlan


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.vault",
        description="Make Vault hold what the plan says. May be repeated at any time.",
    )
    parser.add_argument("--address", required=True, help="https://vault.example:8200")
    parser.add_argument("--plan", required=True, type=Path, help="the plan, YAML")
    parser.add_argument(
        "--token-file", type=Path, help="the administrator's token; else standard input"
    )
    parser.add_argument("--namespace", help="of HashiCorp Vault Enterprise or OpenBao")
    parser.add_argument("--ca", type=Path, help="PEM bundle that Vault's TLS chains to")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    for role in (WORKER, FRONT):
        parser.add_argument(
            f"--{role.removeprefix('tandem-')}-secret-id-file",
            type=Path,
            help=f"issue a secret id of {role} into this new file (0600)",
        )
    return parser.parse_args(argv)


def _token(source: Path | None) -> SecretStr:
    text = sys.stdin.readline() if source is None else source.read_text()
    return SecretStr(text.strip())


async def _run(arguments: argparse.Namespace, plan: VaultPlan, token: SecretStr) -> int:
    admin = Admin(
        address=arguments.address,
        token=token,
        namespace=arguments.namespace,
        ca=arguments.ca,
    )
    report = await bootstrap(admin, plan, dry_run=arguments.dry_run)
    sys.stdout.write(_told(report))
    if not arguments.dry_run:
        for role, path in (
            (WORKER, arguments.worker_secret_id_file),
            (FRONT, arguments.front_secret_id_file),
        ):
            if path is not None:
                await _issue(admin, role, path)
    return 0


async def _issue(admin: Admin, role: str, path: Path) -> None:
    # O_EXCL: the secret id of a running process is not overwritten by a repetition.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write((await admin.issue_secret_id(role)).get_secret_value())
    sys.stdout.write(f"{'issued':<10} secret id of {role} in {path}\n")


def _told(report: BootstrapReport) -> str:
    lines = [f"{item.state:<10} {item.path}" for item in report.items]
    lines += [
        f"{'subject':<10} {one.client}/{one.action} {one.subject}"
        for one in report.entities
    ]
    lines += [
        f"{'ssh ca':<10} {one.client} {one.public_key}" for one in report.authorities
    ]
    lines += [f"{'unplanned':<10} auth/token/roles/{name}" for name in report.unplanned]
    lines.append(f"{'role id':<10} {WORKER} {report.worker_role_id}")
    lines.append(f"{'role id':<10} {FRONT} {report.front_role_id}")
    if report.audited is False:
        lines.append(f"{'missing':<10} sys/audit: Vault keeps no audit log")
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Run the command and return its exit status: 0, or 1 with the reason on stderr."""
    try:
        arguments = _arguments(argv)
        plan = VaultPlan.model_validate(yaml.safe_load(arguments.plan.read_text()))
        return asyncio.run(_run(arguments, plan, _token(arguments.token_file)))
    except (
        BootstrapError,
        TandemError,
        ValidationError,
        yaml.YAMLError,
        OSError,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
