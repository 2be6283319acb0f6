"""What the catalog says of a host: deployments, databases, and what it turns away."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.domain.catalog import Host
from bot.domain.catalog.deployment import Deployment

SSH = {
    "address": "127.0.0.1",
    "user": "ops",
    "principal": "data-host",
    "host_key": "ssh-ed25519 " + "A" * 68,
}


def host(**more):
    return Host.model_validate(
        {
            "client": "acme",
            "name": "data-host",
            "kind": "host",
            "environment": "staging",
            "description": "x",
            "ssh": SSH,
            **more,
        }
    )


def test_what_a_host_has_is_found_by_exactly_its_name():
    shop = {"name": "shop", "folder": "ansible/shop"}
    base = {
        "name": "orders",
        "engine": "mysql",
        "access": "/etc/tandem/orders.cnf",
        "folder": "/var/backups",
    }

    found = host(deployments=[shop], databases=[base])

    assert found.deployment("shop").folder == "ansible/shop"
    assert found.database("orders").engine == "mysql"
    assert found.deployment("sho") is None
    assert found.database("order") is None


@pytest.mark.parametrize(
    "more",
    [
        {"checks": False},
        {"variables": {"ansible_connection": "local"}},
        {"variables": {"deploy_commit": "x"}},
        {"variables": {"Root": "x"}},
        {"variables": {"root": "a\nb"}},
        {"entry": "../site.yml"},
        {"entry": "roles/x.yml"},
        {"folder": "../x"},
        {"folder": "/etc"},
        {"health": "file:///etc/passwd"},
        {"health": "http://x/{{ y }}"},
        {"name": "-x"},
    ],
)
def test_a_deployment_that_could_not_be_trusted_is_no_deployment(more):
    with pytest.raises(ValidationError):
        Deployment.model_validate({"name": "shop", "folder": "ansible/shop", **more})


def test_a_deployment_that_is_not_checked_is_held_to_its_health():
    found = Deployment(
        name="shop", folder="x", checks=False, health="http://127.0.0.1/ok"
    )

    assert found.health == "http://127.0.0.1/ok"


@pytest.mark.parametrize(
    "path", ["relative", "/a/../b", "/a b", "/-x", "/a/", "/", "/a\nb", "/{{ x }}"]
)
def test_a_path_of_a_host_is_absolute_and_plain(path):
    with pytest.raises(ValidationError):
        host(nfs={"root": path})
