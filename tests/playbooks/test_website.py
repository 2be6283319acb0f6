"""Sites of a host: what is refused, what is reached, how a certificate is put there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.domain.catalog import Host
from bot.domain.certificate import Handshake, Issued, Issuer, Shown
from bot.domain.errors import Refused
from bot.domain.host import Played
from bot.domain.playbook import Happened, LiveState, NotVerified, Verified
from playbooks.ansible.cert import Cert
from playbooks.ansible.service import Service
from playbooks.ansible.vhost import Vhost
from tests.contract.test_every_command import ACME

SHOP = "shop.acme.example"
WEB = ACME.target("web-host")
KEY = "-----BEGIN EC PRIVATE KEY-----\nc4n4ry\n-----END EC PRIVATE KEY-----\n"


def with_host(**more):
    return Host.model_validate(WEB.model_dump() | more)


def vhost(wanted="present", host=WEB, domain=SHOP):
    return Vhost.serving(host, domain=domain, wanted=wanted)


def cert(wanted="install", former="-"):
    return Cert.serving(WEB, domain=SHOP, wanted=wanted, former=former)


def state(**items):
    return LiveState(items=tuple(items.items()))


FRESH = {"vhost": "no", "ours": "no", "https": "no", "nginx": "yes", "answers": "no"}
SERVED = {"vhost": "yes", "ours": "yes", "https": "no", "nginx": "yes"}
SERVED |= {"answers": "yes"}
BARE = {"vhost": "yes", "openssl": "yes", "serial": "-", "issuer": "-", "until": "-"}
BARE |= {"valid": "no", "certified": "no", "trusted": "no", "shown": "-"}
GOOD = BARE | {"serial": "a1", "shown": "a1", "issuer": "CN=Tandem acme"}
GOOD |= {"until": "then", "valid": "yes", "certified": "yes", "trusted": "yes"}


# Where it may be done.


@pytest.mark.parametrize(
    "domain", ["notacme.example", "acme.example.org", "shop.globex.example"]
)
def test_a_domain_that_the_catalog_does_not_list_is_refused_with_those_it_does(domain):
    with pytest.raises(Refused) as refused:
        vhost(domain=domain)

    assert refused.value.message.key == "website.not-served"
    assert refused.value.message.args["known"] == "acme.example"


@pytest.mark.parametrize("domain", ["acme.example", "a.b.acme.example"])
def test_a_listed_domain_is_served_with_all_names_below_it(domain):
    assert vhost(domain=domain).domain == domain


def test_a_host_without_an_nginx_gets_no_site():
    with pytest.raises(Refused) as refused:
        vhost(host=with_host(web=None))

    assert refused.value.message.key == "website.no-nginx"


def test_a_host_that_is_out_of_reach_refuses_everything_with_its_reason():
    away = with_host(out_of_reach="it moves to another hall")

    for one in (
        lambda: vhost(host=away),
        lambda: Cert.serving(away, domain=SHOP, wanted="install"),
        lambda: Service.on(
            away, service="nginx", wanted="restarted", manager="sysvinit"
        ),
    ):
        with pytest.raises(Refused) as refused:
            one()

        assert refused.value.message.args["reason"] == "it moves to another hall"


def test_places_come_from_the_catalog_and_the_domain_alone_from_what_was_typed():
    given = vhost().variables()

    assert given["sites"] == WEB.web.sites
    assert (given["listen"], given["near"]) == ("127.0.0.1:", "127.0.0.1")
    everywhere = with_host(web=WEB.web.model_dump() | {"address": None})
    given = vhost(host=everywhere).variables()
    assert (given["listen"], given["near"]) == ("", "127.0.0.1")


def test_both_write_the_same_http_side():
    """A certificate rewrites the virtual host's file: nothing of it may be lost."""
    plain, with_https = (dict(one.files)["vhost.conf.j2"] for one in (Vhost, Cert))

    assert with_https.startswith(plain)


# What may be done to what is there.


@pytest.mark.parametrize(
    ("wanted", "seen", "why"),
    [
        ("present", FRESH, None),
        ("present", SERVED, "there-already"),
        ("present", FRESH | {"nginx": "no"}, "no-answer"),
        ("present", SERVED | {"ours": "no"}, "not-ours"),
        ("absent", SERVED, None),
        ("absent", FRESH, "not-there"),
        ("absent", SERVED | {"ours": "no"}, "not-ours"),
        ("absent", SERVED | {"nginx": "no"}, "no-answer"),
        # Half of it is there: to ask again is the way out.
        ("present", SERVED | {"answers": "no"}, None),
        ("absent", FRESH | {"answers": "yes"}, None),
    ],
)
def test_a_virtual_host_is_added_where_there_is_none_and_removed_where_it_is_ours(
    wanted, seen, why
):
    objection = vhost(wanted).objection(state(**seen))

    assert (objection and objection.key) == (why and f"playbook.vhost.{why}")


def test_a_removal_says_what_goes_and_that_the_key_goes_with_it():
    plain = vhost("absent").warnings(state(**SERVED))
    secure = vhost("absent").warnings(state(**SERVED | {"https": "yes"}))

    assert [one.key for one in plain] == ["playbook.vhost.will-go"]
    assert [one.key for one in secure][1:] == ["playbook.vhost.key-will-go"]
    assert vhost().warnings(state(**FRESH)) == ()


@pytest.mark.parametrize(
    ("wanted", "seen", "reached"),
    [
        ("present", SERVED, True),
        ("present", SERVED | {"answers": "no"}, False),
        ("present", FRESH, False),
        ("absent", FRESH, True),
        ("absent", FRESH | {"answers": "yes"}, False),
    ],
)
def test_it_is_there_when_nginx_answers_and_gone_when_it_does_not(
    wanted, seen, reached
):
    assert vhost(wanted).reached(state(**seen)) is reached


@pytest.mark.parametrize(
    ("wanted", "seen", "why"),
    [
        ("install", BARE, None),
        ("install", GOOD, "there-already"),
        ("install", GOOD | {"valid": "no"}, None),
        ("install", GOOD | {"certified": "no"}, None),
        ("install", BARE | {"vhost": "no"}, "not-vhost"),
        ("install", BARE | {"openssl": "no"}, "not-openssl"),
        ("renew", BARE, "nothing-to-renew"),
        ("renew", GOOD, None),
        ("renew", GOOD | {"valid": "no"}, None),
        ("renew", GOOD | {"certified": "no"}, "of-another"),
    ],
)
def test_a_good_certificate_is_renewed_and_all_else_installed(wanted, seen, why):
    objection = cert(wanted).objection(state(**seen))

    assert (objection and objection.key) == (why and f"playbook.cert.{why}")


def test_it_is_said_that_the_present_certificate_is_replaced():
    assert cert().warnings(state(**BARE)) == ()
    assert [one.key for one in cert("renew").warnings(state(**GOOD))] == [
        "playbook.cert.will-replace"
    ]


def test_looking_lends_the_login_alone_and_acting_the_certificates_too():
    looks, acts = cert().preview_scope(), cert().scope("op7")

    assert (looks.name, acts.name) == ("ssh-web-host", "tls-web-host")
    assert (acts.domain, acts.https, acts.issues) == (SHOP, 8443, True)


# A certificate's run.

TRUSTED = Handshake(shown=Shown.TRUSTED, serial="b2")


@dataclass
class Spoken:
    """A host that tells what it is set to, and takes note of what it is given."""

    told: dict
    installs: dict = field(default_factory=dict)
    plays: list = field(default_factory=list)

    async def play(self, play, *, variables, secrets=None, check=False, hear=None):
        self.plays.append((play.entry, check, dict(variables), dict(secrets or {})))
        if play.entry == "run.yml" and not check:
            self.told |= self.installs
        said = tuple(sorted(self.told.items())) if play.entry == "read.yml" else ()
        return Played(changed=play.entry == "run.yml", said=said)


@dataclass
class Authority:
    """An authority that issues one serial after the other."""

    hands: Handshake = TRUSTED
    issued: int = 0
    until = datetime(2027, 1, 1, tzinfo=UTC)

    async def issuer(self):
        return Issuer(
            subject="CN=Tandem acme", fingerprint="f0", until=self.until, pem="PEM"
        )

    async def issue(self):
        self.issued += 1
        return Issued(SHOP, "b2", self.until, "CHAIN", SecretStr(KEY))

    async def shake_hands(self):
        return self.hands


@dataclass
class Run:
    host: Spoken
    tls: Authority = field(default_factory=Authority)
    before: str = ""
    said: list = field(default_factory=list)

    async def progress(self, message):
        self.said.append(message)


NEW = GOOD | {"serial": "b2", "shown": "b2"}


async def test_the_preview_pins_the_certificate_that_it_would_replace():
    run = Run(Spoken(dict(GOOD)))

    preview = await cert("renew").preview(run)

    assert preview.pinned == {"former": "a1"}
    assert run.tls.issued == 0
    assert preview.state.value("authority") == "CN=Tandem acme, 2027-01-01"
    assert [entry for entry, _, _, _ in run.host.plays] == ["read.yml", "run.yml"]


async def test_the_key_is_handed_over_as_a_secret_and_never_as_a_variable():
    run = Run(Spoken(dict(GOOD), installs=NEW))

    await cert("renew", former="a1").run(run)

    _, check, variables, secrets = run.host.plays[-1]
    assert not check
    assert secrets["key"].get_secret_value() == KEY
    assert (variables["pair"], variables["chain"]) == ("b2", "CHAIN")
    assert "c4n4ry" not in repr((run.host.plays, run.said))


async def test_what_was_installed_before_a_crash_is_not_issued_again():
    run = Run(Spoken(dict(NEW)))
    renewal = cert("renew", former="a1")

    await renewal.run(run)

    assert run.tls.issued == 0
    assert await renewal.happened(run) is Happened.YES


@pytest.mark.parametrize(
    ("seen", "happened"),
    [
        (GOOD, Happened.NO),
        (NEW, Happened.YES),
        (NEW | {"trusted": "no"}, Happened.UNKNOWN),
        (NEW | {"shown": "a1"}, Happened.UNKNOWN),
    ],
)
async def test_whether_it_happened_is_told_by_the_serial(seen, happened):
    found = await cert("renew", former="a1").happened(Run(Spoken(dict(seen))))

    assert found is happened


@pytest.mark.parametrize(
    ("seen", "hands", "good"),
    [
        (NEW, TRUSTED, True),
        (NEW, Handshake(shown=Shown.UNREACHED, reason="TimeoutError"), True),
        (NEW, Handshake(shown=Shown.TRUSTED, serial="a1"), False),
        (NEW, Handshake(shown=Shown.UNTRUSTED, reason="expired"), False),
        (GOOD, TRUSTED, False),
        (NEW | {"trusted": "no"}, Handshake(shown=Shown.UNREACHED), False),
    ],
)
async def test_it_is_verified_by_a_handshake_that_shows_the_new_one(seen, hands, good):
    run = Run(Spoken(dict(seen)), Authority(hands=hands))

    found = await cert("renew", former="a1").verify(run)

    assert isinstance(found, Verified if good else NotVerified)
    if good:
        where = "web-host" if hands.shown is Shown.UNREACHED else "Tandem"
        assert found.facts[-1].value == where
        assert "b2" in [line.value for line in found.facts]


@pytest.mark.parametrize(
    ("wanted", "seen", "happened"),
    [
        ("present", SERVED, Happened.YES),
        ("present", SERVED | {"answers": "no"}, Happened.NO),
        ("present", SERVED | {"answers": "no", "ours": "no"}, Happened.UNKNOWN),
        # The folder of its pages is there already, which is another state.
        ("present", FRESH, Happened.NO),
        ("absent", FRESH, Happened.YES),
        ("absent", FRESH | {"answers": "yes"}, Happened.NO),
        ("absent", SERVED, Happened.UNKNOWN),
    ],
)
async def test_a_virtual_host_that_was_only_begun_is_made_again(wanted, seen, happened):
    found = await vhost(wanted).happened(Run(Spoken(dict(seen)), before="as approved"))

    assert found is happened
    assert vhost(wanted).repeatable
