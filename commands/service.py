"""`/infra service`: a service of a host, by Ansible, as a guarded direct action."""

from typing import Annotated, Literal

from bot import sdk
from playbooks.ansible.service import Service as Playbook

_STATES = {"restart": "restarted", "start": "started", "stop": "stopped"}
_BACK = {"start": "stop", "stop": "start"}


class Service(sdk.Command, name="service", risk=sdk.Risk.MEDIUM):
    """
    Restart, start or stop a service of a host.

    Only the services that the catalog lists for the host can be named. Whether it runs
    afterwards, in a new process, is read from the host itself.
    """

    action: Annotated[
        Literal["restart", "start", "stop"],
        sdk.arg("restart, start or stop", example="restart"),
    ]
    service: Annotated[
        sdk.ServiceName, sdk.arg("a service the catalog lists", example="nginx")
    ]
    host: Annotated[
        str,
        sdk.target("host", "the host it runs on", example="web-host", after="on"),
    ]

    def change(
        self,
        target: sdk.Target,
        client: sdk.Client,  # noqa: ARG002 - the host says it all
    ) -> sdk.DirectAction:
        host = sdk.as_kind(target, sdk.Host)
        if self.service not in host.services:
            known = ", ".join(host.services) or "-"
            raise sdk.Refused(
                sdk.text(
                    en="{ $service } is not one of the services of { $host } that may "
                    "be touched. These may: { $known }.",
                    fr="{ $service } ne fait pas partie des services de { $host } "
                    "autorisés. Le sont : { $known }.",
                    args={"service": self.service, "host": host.name, "known": known},
                )
            )
        return Playbook.on(
            host,
            service=self.service,
            wanted=_STATES[self.action],
            manager=host.init,
            scripts=host.scripts.folder,
            pids=host.scripts.pids,
        ).planned(
            sdk.text(
                en="{ $action } { $service } on { $host }",
                fr="{ $action } { $service } sur { $host }",
                args={
                    "action": self.action.capitalize(),
                    "service": self.service,
                    "host": host.name,
                },
            )
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack | sdk.Message:
        # A restart of what did not run is a start, and goes back like one.
        started = self.action == "restart" and before.state.value("active") == "no"
        back = "stop" if started else _BACK.get(self.action)
        if back is None:
            return sdk.text(
                en="A restart has no way back: the service runs afterwards as before.",
                fr="Un redémarrage ne s'annule pas : le service tourne comme avant.",
                args={},
            )
        return sdk.WayBack(
            command="service",
            arguments={"action": back, "service": self.service, "host": self.host},
        )
