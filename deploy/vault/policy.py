"""
The texts that the bootstrap writes: policies and the claims of identity tokens.

Owns how the plan's names get into them. Only names of the form `[a-z][a-z0-9-]*` are
filled in: none can hold a quote, a wildcard or a slash.
"""

from __future__ import annotations

import json
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from bot.domain.scope import ssh_action
from deploy.vault.plan import (
    Action,
    AwsAction,
    DatabaseAction,
    SshAction,
    TlsAction,
    VaultPlan,
    role_name,
)

if TYPE_CHECKING:
    from pydantic import JsonValue

    from deploy.vault.plan import Action


def front_policy() -> str:
    """Return the front's policy: it may look at its own token."""
    return _text("tandem-front")


def _text(name: str) -> str:
    return (files("deploy.vault") / "policies" / f"{name}.hcl").read_text()


def _filled(
    template: str,
    /,
    *,
    client: str,
    action: str,
    purpose: str = "",
    principal: str = "",
) -> str:
    return Template(_text(template)).substitute(
        client=client,
        action=action,
        purpose=purpose,
        principal=principal,
        role=role_name(client, action),
    )


def action_policy(client: str, action: Action) -> str:
    """Return what a child token of this pair may do: one call of one path, or two."""
    name = action.name
    if isinstance(action, AwsAction):
        return _filled("act-aws", client=client, action=name)
    if isinstance(action, SshAction):
        return _login(client, action.principal)
    if isinstance(action, TlsAction):
        issues = _filled("act-tls", client=client, action=name)
        return "\n".join([_login(client, action.principal), issues])
    if isinstance(action, DatabaseAction):
        text = f"act-database-{'make' if action.make else 'read'}"
        return _filled(text, client=client, action=name)
    return _filled("act-kv", client=client, action=name, purpose=action.purpose)


def _login(client: str, principal: str) -> str:
    return _filled(
        "act-ssh", client=client, action=ssh_action(principal), principal=principal
    )


def worker_policy(plan: VaultPlan) -> str:
    """Return the worker's policy: each token role of the plan, one by one."""
    mints = [
        _filled("tandem-worker-mint", client=client.name, action=action.name)
        for client in plan.clients
        for action in client.actions
    ]
    return "\n".join([_text("tandem-worker"), *mints])


def claims(client: str, action: str, *, tags: bool) -> str:
    """
    Return the claims' template of an OIDC role.

    The values are literal: an entity whose metadata somebody changed, or one that got
    at a foreign role, cannot make the token speak of another client.
    """
    said: dict[str, JsonValue] = {"client": client, "action": action}
    if tags:
        said["https://aws.amazon.com/tags"] = {
            "principal_tags": {"client": [client], "action": [action]},
            "transitive_tag_keys": ["client", "action"],
        }
    # Vault takes "}}" for the end of a placeholder: indent keeps the braces apart.
    return json.dumps(said, indent=1)
