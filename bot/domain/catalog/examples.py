"""
For each closed text of the catalog one that fits, shown beside one that does not.

Those of hosts, servers, deployments and guidelines are closed by other modules; who
adds a pattern there adds its example here (`tests/outbound/test_catalog_reader.py`).
"""

from __future__ import annotations

from typing import Any, Final, get_args

from bot.domain import database, scope
from bot.domain.catalog import deployment, host, host_work, names
from bot.domain.guidelines import advice
from bot.domain.route import RoleName


def _pattern(kind: Any) -> str:  # noqa: ANN401 - an Annotated, which has no type
    """Return the pattern that closes this kind of text."""
    return str(get_args(kind)[1].pattern)


_OTHERS: Final = {
    deployment.DeploymentName: "shop",
    deployment.Version: "v1.4.2",
    deployment.EntryName: "deploy.yml",
    deployment.VariableName: "colour",
    deployment.VariableText: "blue",
    deployment.HealthUrl: "https://shop.example.com/health",
    host.ServiceName: "nginx",
    host.Interpreter: "/usr/bin/python3",
    host.HostPath: "/srv/www",
    host.Ipv4: "192.0.2.10",
    host_work.ShareName: "uploads",
    host_work.HostDatabaseName: "shop",
    scope.HostName: "web-1",
    scope.HostAddress: "web-1.acme.example",
    scope.UnixUser: "deploy",
    scope.SshPrincipal: "acme-web-1",
    scope.SshHostKey: f"ssh-ed25519 {'A' * 68}",
    scope.ServerName: "pg-staging",
    scope.DomainName: "shop.example.com",
    database.UserHost: "10.20.0.%",
    advice.Folder: "environments/production",
    advice.TagKey: "owner",
    RoleName: "provider.oncall",
}

EXAMPLES: Final = {
    **{_pattern(kind): text for kind, text in _OTHERS.items()},
    **names.EXAMPLES,
}
