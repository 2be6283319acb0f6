"""
A real nginx on loopback ports, with all its files in one folder.

It is the system's own program run by whoever starts it, with a configuration of its
own: nothing in /etc/nginx is read or written. It is started and stopped by an init
script in the same folder, as a service of a host is.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from string import Template
from typing import TYPE_CHECKING, Final

from bot.domain.catalog.host import Scripts, Web
from deploy.sandbox.loopback import free_port

if TYPE_CHECKING:
    from pathlib import Path

NGINX: Final = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin")
OPENSSL: Final = shutil.which("openssl", path="/usr/bin:/bin:/usr/local/bin")
_FOLDERS: Final = ("bin", "init.d", "run", "sites", "pages", "tls", "tmp")

_CONFIG: Final = Template("""\
$user
worker_processes 1;
pid $root/run/nginx.pid;
error_log $root/error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $root/tmp/body;
    proxy_temp_path $root/tmp/proxy;
    fastcgi_temp_path $root/tmp/fastcgi;
    uwsgi_temp_path $root/tmp/uwsgi;
    scgi_temp_path $root/tmp/scgi;
    server {
        listen 127.0.0.1:$http default_server;
        server_name _;
        return 404;
    }
    include $root/sites/*.conf;
}
""")
# Without -e it would open the log that it was built with, in /var/log.
_PROGRAM: Final = Template("""\
#!/bin/sh
exec $nginx -p $root -e $root/error.log "$$@"
""")
_SCRIPT: Final = Template("""\
#!/bin/sh
# What LSB asks of an init script, for this one nginx.
pid() { cat $root/run/nginx.pid 2>/dev/null; }
# Its own only: the number may have gone to another process since.
runs() {
    p=$$(pid) && [ -n "$$p" ] &&
    grep -qF $root/nginx.conf "/proc/$$p/cmdline" 2>/dev/null
}
start() { runs || $root/bin/nginx -c $root/nginx.conf; }
stop() {
    runs || return 0
    p=$$(pid); kill -TERM "$$p"
    for _ in $$(seq 100); do [ -d "/proc/$$p" ] || return 0; sleep 0.05; done
    return 1
}
echo "$$1" >>$root/verbs.log
case "$$1" in
    start) start ;;
    stop) stop ;;
    restart) stop && start ;;
    status) runs || exit 3 ;;
    *) echo "start, stop, restart or status" >&2; exit 2 ;;
esac
""")


class NginxFailedError(RuntimeError):
    """It did not do what its init script was asked for; with its words."""


class NginxHost:
    """One nginx; its files are in `root`."""

    def __init__(self, root: Path, *, http: int = 0, https: int = 0) -> None:
        self.root = root
        self.http = http or free_port()
        self.https = https or free_port()

    @property
    def web(self) -> Web:
        """How the catalog would describe it, for the domains of the sample."""
        return Web(
            domains=("acme.example",),
            main=f"{self.root}/nginx.conf",
            sites=f"{self.root}/sites",
            root=f"{self.root}/pages",
            tls=f"{self.root}/tls",
            program=f"{self.root}/bin/nginx",
            address="127.0.0.1",
            http=self.http,
            https=self.https,
        )

    @property
    def scripts(self) -> Scripts:
        """Where the catalog would find its init script."""
        return Scripts(folder=f"{self.root}/init.d", pids=f"{self.root}/run")

    async def start(self) -> None:
        """Write what it needs and start it; it answers when this returns."""
        if NGINX is None:
            raise NginxFailedError("this machine has no nginx")
        for name in _FOLDERS:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        words = {
            "root": self.root,
            "nginx": NGINX,
            "http": self.http,
            # As root its workers would be another user, who may not see the pages.
            "user": "user root;" if os.getuid() == 0 else "",
        }
        (self.root / "nginx.conf").write_text(_CONFIG.substitute(words))
        for file, text in (("bin/nginx", _PROGRAM), ("init.d/nginx", _SCRIPT)):
            path = self.root / file
            path.write_text(text.substitute(words))
            path.chmod(0o755)
        await self.stop()
        await self._script("start")

    async def stop(self) -> None:
        """Stop it, whoever started it; nothing to do if it does not run."""
        await self._script("stop")

    async def _script(self, verb: str) -> None:
        process = await asyncio.create_subprocess_exec(
            str(self.root / "init.d" / "nginx"),
            verb,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
        _, words = await process.communicate()
        if process.returncode != 0:
            said = words.decode(errors="replace")[-2000:]
            raise NginxFailedError(f"nginx {verb}: {said}")
