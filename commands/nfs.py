"""`/infra nfs create`: a folder of a host, exported to other hosts."""

import re
from typing import Annotated, Literal

from bot import sdk
from playbooks.ansible.nfs_share import NfsShare

_UNITS = {"M": 2**20, "G": 2**30, "T": 2**40}
_SIZE = r"^[1-9][0-9]{0,4}[MGT]$"
_HOSTS = r"^[a-z0-9][a-z0-9._-]{0,62}(,[a-z0-9][a-z0-9._-]{0,62}){0,9}$"


class Nfs(sdk.Command, name="nfs", risk=sdk.Risk.MEDIUM):
    """
    Share a folder of a host with other hosts, by NFS.

    Makes the folder and exports it to the hosts that you name, with commas between
    them; refused when less than the size is free now. The size is not a limit: what
    they write later is not held to it. Only the server is touched. Mounting is not done
    here, because an operation reaches one host: the card shows the line for each
    client's /etc/fstab.
    """

    action: Annotated[Literal["create"], sdk.arg("create", example="create")]
    share: Annotated[sdk.ShareName, sdk.arg("a name for it", example="media")]
    size: Annotated[
        str,
        sdk.arg("how much must be free, such as 5G", example="5G", pattern=_SIZE),
    ]
    hosts: Annotated[
        str,
        sdk.arg(
            "hosts of the catalog", example="web-host", pattern=_HOSTS, after="for"
        ),
    ]
    host: Annotated[
        str, sdk.target("host", "the NFS server", example="data-host", after="on")
    ]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        server = sdk.as_kind(target, sdk.Host)
        if server.nfs is None:
            raise sdk.Refused(
                sdk.text(
                    en="{ $host } exports nothing by NFS, as far as the catalog says.",
                    fr="{ $host } n'exporte rien par NFS, d'après le catalogue.",
                    args={"host": server.name},
                )
            )
        addresses = [_address(name, client) for name in self.hosts.split(",")]
        number, unit = re.split(r"(?=[MGT])", self.size)
        return NfsShare.on(
            server,
            share=self.share,
            root=server.nfs.root,
            exports=server.nfs.exports,
            clients=",".join(dict.fromkeys(addresses)),
            bytes=int(number) * _UNITS[unit],
        ).planned(
            sdk.text(
                en="Share { $share } of { $host } with { $hosts }",
                fr="Partager { $share } de { $host } avec { $hosts }",
                args={"share": self.share, "host": server.name, "hosts": self.hosts},
            )
        )


def _address(name: str, client: sdk.Client) -> str:
    """Return where a host of this client is; Refused if it has none of that name."""
    found = client.target(name)
    if not isinstance(found, sdk.Host):
        known = ", ".join(one.name for one in client.targets if one.kind == "host")
        raise sdk.Refused(
            sdk.text(
                en="{ $name } is not one of your hosts. These are: { $known }.",
                fr="{ $name } n'est pas une de vos machines. En sont : { $known }.",
                args={"name": name, "known": known},
            )
        )
    return str(found.ssh.address)
