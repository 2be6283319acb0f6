"""
What `/infra set` writes into Chef's JSON is taken and served back by a Chef server.

The server is goiardi, which speaks the REST API of a Chef Infra Server; requests are
signed as the API asks (https://docs.chef.io/server/api_chef_server/), version 1.3. No
Chef client converges anything here: there is none to be had.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import shutil

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bot.domain.change import SetValue
from bot.domain.editing.setting import edited
from bot.outbound import clock
from deploy.sandbox.loopback import free_port

GOIARDI = shutil.which("goiardi")

pytestmark = pytest.mark.skipif(
    GOIARDI is None, reason="this machine has no goiardi, a Chef-compatible server"
)


class ChefServer:
    """A server of one's own, asked as its administrator."""

    def __init__(self, address, key):
        self.address, self._key = address, key

    def call(self, method, path, body=None):
        """Return the answer to one signed request."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = self._signed(method, path, content)
        answer = httpx.request(
            method, self.address + path, content=content, headers=headers, timeout=20
        )
        assert answer.is_success, answer.text
        return answer.json()

    def _signed(self, method, path, content):
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        now = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        told = "\n".join(
            (
                f"Method:{method}",
                f"Path:{path}",
                f"X-Ops-Content-Hash:{digest}",
                "X-Ops-Sign:version=1.3",
                f"X-Ops-Timestamp:{now}",
                "X-Ops-UserId:admin",
                "X-Ops-Server-API-Version:0",
            )
        )
        made = self._key.sign(told.encode(), padding.PKCS1v15(), hashes.SHA256())
        signature = base64.b64encode(made).decode()
        lines = [signature[at : at + 60] for at in range(0, len(signature), 60)]
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Chef-Version": "14.0.0",
            "X-Ops-Sign": "algorithm=sha256;version=1.3",
            "X-Ops-Userid": "admin",
            "X-Ops-Timestamp": now,
            "X-Ops-Content-Hash": digest,
            "X-Ops-Server-API-Version": "0",
            **{
                f"X-Ops-Authorization-{place}": line
                for place, line in enumerate(lines, start=1)
            },
        }


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chef(tmp_path_factory):
    root, port = tmp_path_factory.mktemp("goiardi"), free_port()
    (root / "goiardi.conf").write_text("")
    process = await asyncio.create_subprocess_exec(
        GOIARDI,
        "--ipaddress=127.0.0.1",
        f"--port={port}",
        "--hostname=127.0.0.1",
        "--use-auth",
        f"--config={root}/goiardi.conf",
        f"--conf-root={root}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        break
    pem = (root / "admin.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    yield ChefServer(f"http://127.0.0.1:{port}", key)
    process.terminate()
    await process.wait()


ENVIRONMENT = {
    "name": "production",
    "description": "where customers are",
    "json_class": "Chef::Environment",
    "chef_type": "environment",
    "cookbook_versions": {},
    "default_attributes": {"cart": {"timeout_minutes": 30}},
    "override_attributes": {},
}
ROLE = {
    "name": "web",
    "description": "a web server",
    "json_class": "Chef::Role",
    "chef_type": "role",
    "default_attributes": {"nginx": {"workers": 4}},
    "override_attributes": {},
    "run_list": ["recipe[nginx]"],
    "env_run_lists": {},
}
NODE = {
    "name": "web-2",
    "json_class": "Chef::Node",
    "chef_type": "node",
    "chef_environment": "_default",
    "normal": {"tuning": {"swappiness": 10}},
    "default": {},
    "override": {},
    "automatic": {},
    "run_list": [],
}
ITEM = {"id": "shop", "colours": ["blue", "red"], "open": True}
HOSTILE = "#{`id`} \" ' \\ \u202e <%= 1 %> {{ x }}"


@pytest.mark.parametrize(
    ("collection", "body", "path", "value"),
    [
        (
            "/environments",
            ENVIRONMENT,
            ("default_attributes", "cart", "timeout_minutes"),
            45,
        ),
        ("/roles", ROLE, ("default_attributes", "nginx", "workers"), 8),
        ("/roles", ROLE, ("description",), HOSTILE),
        ("/nodes", NODE, ("normal", "tuning", "swappiness"), 60),
        ("/data/settings", ITEM, ("open",), False),
        ("/data/settings", ITEM, ("colours", 1), HOSTILE),
    ],
)
async def test_an_edited_file_is_taken_and_served_back(
    chef, collection, body, path, value
):
    name = str(body.get("name") or body.get("id"))
    source = json.dumps(body, indent=2).encode()
    wanted = SetValue(file="chef/x.json", format="json", path=path, value=value)

    changed = edited({"chef/x.json": source}, wanted).after
    served = await asyncio.to_thread(stored, chef, collection, name, body, changed)

    assert at(served, path) == value
    assert {key: one for key, one in served.items() if key != path[0]} == {
        key: one for key, one in body.items() if key != path[0]
    }


async def test_the_server_takes_nothing_that_its_administrator_did_not_sign(chef):
    stranger = ChefServer(chef.address, rsa.generate_private_key(65537, 2048))

    # How much is wrong with a signature depends on the stranger's key.
    with pytest.raises(AssertionError, match=r"Invalid signature|verification error"):
        await asyncio.to_thread(stranger.call, "GET", "/nodes")


def stored(chef, collection, name, body, changed):
    """Have the server keep the file as it was, then as it is, and serve it back."""
    if collection.startswith("/data/"):
        chef.call("POST", "/data", {"name": collection.removeprefix("/data/")})
    chef.call("POST", collection, body)
    chef.call("PUT", f"{collection}/{name}", json.loads(changed))
    served = chef.call("GET", f"{collection}/{name}")
    chef.call("DELETE", f"{collection}/{name}")
    if collection.startswith("/data/"):
        chef.call("DELETE", collection)
    return served


def at(found, path):
    for step in path:
        found = found[step]
    return found
