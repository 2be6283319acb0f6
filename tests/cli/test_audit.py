"""`tandem audit`: shown, exported, signed, and verified without Tandem."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.domain.writes import Writes
from bot.flow.checkpoint import sign
from bot.outbound import clock
from deploy.sandbox.openbao import OpenBao
from tests.inbound.slack_office import front_of
from tests.outbound.conftest import bootstrapped
from tests.outbound.store_support import event

ACME = ("--client", "acme")
HOSTILE = '[red]{x}\x1b[31m "quoted" \N{SNOWMAN}'


@dataclass
class Notary:
    """Signs like Vault's transit engine, with a key of the test's own."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    async def sign(self, payload):
        return "vault:v1:" + base64.b64encode(self.key.sign(payload)).decode()

    def public(self):
        raw = self.key.public_key().public_bytes_raw()
        return {"1": base64.b64encode(raw).decode()}


async def record(store, *actors, client="acme"):
    events = tuple(event(actor=one, said=HOSTILE) for one in actors)
    await store.write(Writes(client=client, at=clock.now(), events=events))


@pytest_asyncio.fixture
async def exported(tandem, store, database, tmp_path):
    """An export of three records and a signed checkpoint, and the keys to it."""
    notary = Notary()
    await record(store, "alice", "bob", "carol")
    async with front_of(database) as front:
        await sign("acme", front=front, notary=notary, source="cli")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(notary.public()))
    ended = await tandem("audit", "export", *ACME, str(tmp_path / "acme.jsonl"))
    assert ended.status == 0, ended
    return tmp_path / "acme.jsonl", keys


# --- shown


async def test_the_newest_records_are_shown_last_and_as_they_were_written(
    tandem, store
):
    await record(store, "alice", "bob", "carol")

    ended = await tandem("audit", "show", *ACME, "--last", "2")

    first, second = ended.out.splitlines()
    assert ("2  " in first, "bob" in first) == (True, True)
    assert ("3  " in second, "carol" in second) == (True, True)
    assert json.loads(second[second.index("{") :]) == {"said": HOSTILE}
    assert "\x1b" not in ended.out


async def test_one_client_s_audit_shows_nothing_of_another_s(tandem, store):
    await record(store, "gina", client="globex")

    ended = await tandem("audit", "show", *ACME)

    assert (ended.status, ended.out) == (0, "")


@pytest.mark.parametrize("command", ["show", "export"])
async def test_a_client_that_never_was_is_not_an_empty_audit(tandem, tmp_path, command):
    file = [str(tmp_path / "x")] if command == "export" else []

    ended = await tandem("audit", command, "--client", "acne", *file)

    assert ended.complaint == (
        "tandem: Nothing is recorded of “acne”. Known: claranet, acme, globex."
    )
    assert list(tmp_path.iterdir()) == []


async def test_the_audit_of_a_client_that_left_the_catalog_can_be_read(tandem, store):
    await record(store, "xavier", client="formerly")

    ended = await tandem("audit", "show", "--client", "formerly")

    assert "xavier" in ended.out


@pytest.mark.parametrize("last", ["0", "1001", "x"])
async def test_how_many_is_a_number_in_bounds(tandem, last):
    ended = await tandem("audit", "show", *ACME, "--last", last)

    assert ended.status == 2


# --- exported and verified


async def test_an_export_holds(tandem, exported):
    export, keys = exported

    ended = await tandem("audit", "verify", str(export), "--keys", str(keys))

    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("holds: acme, 4 records, head ")
    assert "1 signed checkpoints" in ended.out


async def test_an_export_is_verified_against_what_was_published(tandem, exported):
    export, keys = exported
    head = json.loads(export.read_text().splitlines()[3])["hash"]
    words = ("audit", "verify", str(export), "--keys", str(keys), "--witness")

    good = await tandem(*words, f"3:{head[:16]}")
    other = await tandem(*words, f"3:{'0' * 16}")
    beyond = await tandem(*words, f"9:{head[:16]}")

    assert (good.status, other.status, beyond.status) == (0, 1, 1)
    assert "record 3 is another one" in other.out
    assert "does not reach that far" in beyond.out


async def test_an_export_that_was_changed_does_not_hold(tandem, exported):
    export, keys = exported
    export.write_text(export.read_text().replace('"actor":"bob"', '"actor":"rob"'))

    ended = await tandem("audit", "verify", str(export), "--keys", str(keys))

    assert ended.status == 1
    assert "DOES NOT HOLD: line 3 (record 2): what it says was changed" in ended.out


async def test_a_checkpoint_of_another_key_does_not_hold(tandem, exported):
    export, keys = exported
    keys.write_text(json.dumps(Notary().public()))

    ended = await tandem("audit", "verify", str(export), "--keys", str(keys))

    assert ended.status == 1
    assert "no key of yours signed it" in ended.out


async def test_what_cannot_be_read_was_not_checked(tandem, exported, tmp_path):
    export, _ = exported

    ended = await tandem("audit", "verify", str(export), "--keys", f"{tmp_path}/no")

    assert ended.status == 2
    assert ended.err.startswith("not checked:")


async def test_an_export_never_takes_the_place_of_another_file(tandem, exported):
    export, _ = exported
    before = export.read_bytes()

    ended = await tandem("audit", "export", *ACME, str(export))

    assert f"{export} exists already and is left as it is" in ended.complaint
    assert export.read_bytes() == before


async def test_a_place_that_cannot_be_written_is_told(tandem, tmp_path):
    ended = await tandem("audit", "export", *ACME, str(tmp_path / "no" / "x"))

    assert "cannot be written: No such file or directory" in ended.complaint


# --- signed


@pytest.mark.parametrize("words", [("keys", "x.json"), ("checkpoint", *ACME)])
async def test_what_needs_vault_says_so(tandem, words):
    ended = await tandem("audit", *words)

    assert "this needs TANDEM_VAULT__" in ended.complaint


async def test_vault_signs_a_checkpoint_that_the_verifier_believes(
    tandem, store, tmp_path
):
    bao = OpenBao(tmp_path / "bao", durable=False)
    await bao.start()
    try:
        vault = await bootstrapped(bao)
        program = tandem.having(
            TANDEM_VAULT__ADDRESS=bao.address,
            TANDEM_VAULT__ROLE_ID=vault.report.worker_role_id,
            TANDEM_VAULT__SECRET_ID=vault.worker_secret_id.get_secret_value(),
        )
        await record(store, "alice", "bob")
        export, keys = str(tmp_path / "acme.jsonl"), str(tmp_path / "keys.json")

        signed = await program("audit", "checkpoint", *ACME)
        again = await program("audit", "checkpoint", *ACME)
        await program("audit", "export", *ACME, export)
        kept = await program("audit", "keys", keys)
        ended = await program("audit", "verify", export, "--keys", keys)
    finally:
        await bao.stop()

    (checkpoint,) = await store.checkpoints("acme")
    assert signed.out == f"2:{checkpoint.head}\n"
    assert again.out == "nothing new\n"
    assert kept.out == f"{keys}: 1 keys written\n"
    assert (ended.status, "1 signed checkpoints" in ended.out) == (0, True), ended
    (_, _, told) = await store.records("acme")
    assert (told.event, told.source) == ("checkpoint.signed", "cli")
