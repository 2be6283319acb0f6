"""`/infra deploy`: a client's own deployment playbook, pinned to a commit."""

import json
from typing import Annotated

from bot import sdk
from playbooks.ansible.deploy import Deploy as Playbook


class Deploy(sdk.Command, name="deploy", risk=sdk.Risk.MEDIUM):
    """
    Run your own deployment playbook on a host, at one commit.

    The catalog lists which playbooks may run on the host; they stand in your GitLab
    project. The version is a tag, a branch or a commit; without one it is the default
    branch. It is shown as the commit that it is, with what Ansible's --check would
    change; if the tag or branch moves before it runs, nothing runs. A playbook that
    would act anywhere but on the host is refused, with the line.
    """

    playbook: Annotated[
        sdk.DeploymentName, sdk.arg("a deployment the catalog lists", example="shop")
    ]
    version: Annotated[
        sdk.Version | None, sdk.arg("a tag, a branch or a commit", example="main")
    ] = None
    host: Annotated[
        str, sdk.target("host", "the host to deploy to", example="web-host", after="on")
    ]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        host = sdk.as_kind(target, sdk.Host)
        declared = host.deployment(self.playbook)
        if declared is None:
            known = ", ".join(one.name for one in host.deployments) or "-"
            raise sdk.Refused(
                sdk.text(
                    en="{ $playbook } is not one of the deployments of { $host }. "
                    "These are: { $known }.",
                    fr="{ $playbook } ne fait pas partie des déploiements de "
                    "{ $host }. En sont : { $known }.",
                    args={"playbook": self.playbook, "host": host.name, "known": known},
                )
            )
        version = self.version or client.gitlab.default_branch
        more = {} if declared.health is None else {"health": declared.health}
        return Playbook.on(
            host,
            deployment=declared.name,
            folder=declared.folder,
            entry=declared.entry,
            version=version,
            texts=json.dumps(declared.variables, sort_keys=True),
            checks=declared.checks,
            **more,
        ).planned(
            sdk.text(
                en="Deploy { $playbook } { $version } on { $host }",
                fr="Déployer { $playbook } { $version } sur { $host }",
                args={
                    "playbook": self.playbook,
                    "version": version,
                    "host": host.name,
                },
            )
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack | sdk.Message:
        deployed = before.state.value("deployed") or "-"
        if deployed == "-":
            return sdk.text(
                en="No earlier deployment of it on this host is known, or none of a "
                "commit that your project still has, so there is no version to go back "
                "to.",
                fr="Aucun déploiement antérieur n'est connu sur cette machine, ou "
                "votre projet n'en a plus le commit : il n'y a pas de version à "
                "laquelle revenir.",
                args={},
            )
        return sdk.WayBack(
            command="deploy",
            arguments={
                "playbook": self.playbook,
                "version": deployed,
                "host": self.host,
            },
        )
