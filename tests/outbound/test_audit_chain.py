"""The chain as the database links it, its export, and the verifier of both."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.audit import Checkpoint, Event, EventName, content, genesis, link
from bot.domain.writes import Writes
from bot.flow.export import exported
from deploy.verify.tandem_verify import DoesNotHoldError, ed25519_verified, verify
from tests.domain import core_samples as core
from tests.outbound.store_support import ask, asking, event, opened
from tests.outbound.store_support import operation as made

VERIFIER = Path(__file__).parents[2] / "deploy/verify/tandem_verify.py"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def public(key):
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


KEYS = {"1": public(KEY)}
SPELLED_KEYS = json.dumps(KEYS)


def signed(seq, head, *, key=KEY, client="acme"):
    """Return a checkpoint as Vault's transit engine would sign it."""
    bare = Checkpoint(client=client, seq=seq, head=head, at=core.NOW)
    raw = base64.b64encode(key.sign(bare.payload())).decode()
    return bare.model_copy(update={"signature": f"vault:v1:{raw}"})


async def export(store, client="acme"):
    return "".join([line async for line in exported(client, store=store)]).encode()


@pytest_asyncio.fixture
async def store(database):
    async with opened(database) as found:
        yield found


async def told(store, *events, client="acme", at=core.NOW):
    await store.write(Writes(client=client, at=at, events=events))


async def checkpointed(store, *, key=KEY):
    seq, head = await store.head("acme")
    await store.write(
        Writes(client="acme", at=core.NOW, checkpoints=(signed(seq, head, key=key),))
    )


@pytest_asyncio.fixture
async def small(store):
    """The export of three records and the checkpoint on the second."""
    await told(store, event("a" * 20, line='"x" \\ é'), event(actor="bob"))
    await checkpointed(store)
    await told(store, event(name=EventName.MERGE_DONE, sha="d" * 40))
    return await export(store)


# --- the chain


async def test_the_database_links_as_the_rule_says(store):
    events = [event(made(n).id, number=n, text="é\n\\") for n in range(5)]
    await told(store, *events[:2])
    await told(store, *events[2:], at=core.NOW + timedelta(microseconds=1))

    chain = await store.records("acme")

    previous = genesis("acme")
    for place, (record, said) in enumerate(zip(chain, events, strict=True), start=1):
        assert record.seq == place
        assert record.previous == previous
        assert record.content == content(said, client="acme", at=record.at)
        assert record.hash == link(previous, seq=place, content=record.content)
        previous = record.hash
    assert await store.head("acme") == (5, previous)


async def test_who_inserts_has_no_say_in_order_or_hash(database, store):
    said = f"'merge.done', 'x', 'y', NULL, '{{}}', '{'0' * 64}'"
    row = f"'acme', 99, now(), {said}, 'p', 'h'"
    await ask(database.app, f"INSERT INTO audit VALUES ({row})", client="acme")  # noqa: S608 - of this test

    (record,) = await store.records("acme")
    assert (record.seq, record.previous) == (1, genesis("acme"))
    assert record.hash == link(genesis("acme"), seq=1, content="0" * 64)


async def test_writers_at_once_keep_one_chain_a_client(database, store):
    async with opened(database) as other:
        await asyncio.gather(
            *(
                told((store, other)[n % 2], event(n=n), event(n=n), client=client)
                for n in range(20)
                for client in ("acme", "globex")
            )
        )

    for client in ("acme", "globex"):
        verdict = verify(await export(store, client), keys={})
        chain = await store.records(client)
        assert verdict.records == len(chain) == 40
        pairs = [json.loads(record.body)["n"] for record in chain]
        assert pairs[::2] == pairs[1::2], "events of one write stand together"


async def test_two_replicas_that_commit_batches_for_two_clients_do_not_block(database):
    async def write(replica, number, client):
        one = made(number, client=client)
        await replica.write(asking(one))

    async with opened(database) as one, opened(database) as two:
        async with one.running(), two.running():
            for turn in range(25):
                order = ("acme", "globex")
                await asyncio.gather(
                    *(write(one, turn * 8 + n, order[n]) for n in (0, 1)),
                    *(write(two, turn * 8 + 4 + n, order[1 - n]) for n in (0, 1)),
                )
        for client in order:
            assert verify(await export(one, client), keys={}).records == 50


async def test_what_cannot_be_stored_fails_alone_in_its_batch(store):
    bad = asking(made(1, line="a\0b"))
    good = [asking(made(n)) for n in range(2, 8)]

    async with store.running():
        ends = await asyncio.gather(
            *map(store.write, (*good[:3], bad, *good[3:])), return_exceptions=True
        )

    assert [end is None for end in ends] == [True] * 3 + [False] + [True] * 3
    assert len(await store.records("acme")) == 6


# --- the export


async def test_an_export_holds(small):
    verdict = verify(small, keys=KEYS)

    assert (verdict.client, verdict.records, verdict.checkpoints) == ("acme", 3, 1)


async def test_an_empty_chain_holds(store):
    verdict = verify(await export(store), keys={})

    assert (verdict.records, verdict.head) == (0, genesis("acme"))


async def test_an_export_ends_where_the_chain_ended_when_it_began(store):
    await told(store, *(event(n=n) for n in range(3)))
    lines = exported("acme", store=store)
    header = await anext(lines)

    await told(store, event(n=3))
    await checkpointed(store)
    rest = [line async for line in lines]

    verdict = verify("".join((header, *rest)).encode(), keys=KEYS)
    assert (verdict.records, verdict.checkpoints) == (3, 0)


async def test_a_long_chain_is_read_in_pages(store):
    for _ in range(3):
        await told(store, *(event(n=n) for n in range(400)))

    assert verify(await export(store), keys={}).records == 1200


def named(data, **more):
    """Return the line that the verifier says is at fault."""
    with pytest.raises(DoesNotHoldError) as fault:
        verify(data, keys=KEYS, **more)
    found = re.match(r"line (\d+)\b", str(fault.value))
    assert found, fault.value
    return int(found[1])


async def test_every_flipped_byte_is_found_and_its_line_is_named(small):
    for place in range(len(small)):
        wanted = small.count(b"\n", 0, place) + 1
        for bit in range(8):
            flipped = bytearray(small)
            flipped[place] ^= 1 << bit
            assert named(bytes(flipped)) == wanted, (place, bit)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_every_other_byte_in_its_place_is_found(small, data):
    place = data.draw(st.integers(0, len(small) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != small[place]))

    changed = small[:place] + bytes([byte]) + small[place + 1 :]

    assert named(changed) == small.count(b"\n", 0, place) + 1


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_whatever_is_handed_in_the_answer_is_no_crash(small, data):
    lines = [json.loads(line) for line in small.splitlines()]
    odd = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False),
        st.text(max_size=5), st.just("\ud800"), st.just([]), st.just({"a": 1}),
    )  # fmt: skip
    line = data.draw(st.sampled_from(lines[:-1]))
    field = data.draw(st.sampled_from(sorted(line)))
    # No operation is hashed as an empty one: these two may stand for each other.
    value = data.draw(
        odd.filter(lambda value: repr(value) != repr(line[field]) and value != "")
    )
    line[field] = value

    with pytest.raises(DoesNotHoldError):
        verify(closed(lines[:-1]), keys=KEYS)


@given(st.binary(max_size=200))
def test_no_other_bytes_are_an_export(data):
    with pytest.raises(DoesNotHoldError):
        verify(data, keys=KEYS)


# --- a forger who can compute every hash but has no key


def closed(lines):
    """Return the lines as an export whose closing hash is right."""
    body = "".join(canonical(line) for line in lines).encode()
    end = {"kind": "end", "sha256": hashlib.sha256(body).hexdigest()}
    return body + canonical(end).encode()


def canonical(line):
    return json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n"


def parts(data):
    header, *rest, _ = (json.loads(line) for line in data.splitlines())
    records = [line for line in rest if line["kind"] == "record"]
    return header, records, [line for line in rest if line["kind"] == "checkpoint"]


def relinked(records):
    """Number and link the records anew, as one who rewrites history would."""
    previous = genesis("acme")
    records = [dict(record) for record in records]
    for seq, record in enumerate(records, start=1):
        said = Event(
            name=record["event"],
            actor=record["actor"],
            source=record["source"],
            operation=record["operation"],
            body=json.loads(record["body"]),
        )
        at = core.NOW.fromisoformat(record["at"])
        record |= {"seq": seq, "previous": previous}
        record["content"] = content(said, client="acme", at=at)
        record["hash"] = link(previous, seq=seq, content=record["content"])
        previous = record["hash"]
    return records


def forged(data, change, *, relink=False):
    header, records, checkpoints = parts(data)
    records = change(records)
    if relink:
        records = relinked(records)
    header["records"] = len(records)
    return closed([header, *records, *checkpoints])


async def test_what_is_closed_again_unchanged_holds(small):
    assert forged(small, list, relink=True) == small


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda r: [r[0], r[2]], 3),
        (lambda r: r[1:], 2),
        (lambda r: [r[1], r[0], r[2]], 2),
        (lambda r: [r[0], r[2], r[1]], 3),
        (lambda r: [r[0], r[0], r[1], r[2]], 3),
        (lambda r: [*r, r[2]], 5),
        (lambda r: [r[0], {**r[1], "actor": "eve"}, r[2]], 3),
        (lambda r: [r[0], {**r[1], "event": "operation.approved"}, r[2]], 3),
        (lambda r: [r[0], {**r[1], "at": "2020-01-01T00:00:00.000000Z"}, r[2]], 3),
    ],
    ids=["removed", "first removed", "swapped", "end swapped", "doubled",
         "end doubled", "actor", "event", "moment"],
)  # fmt: skip
async def test_a_changed_record_is_named(small, change, line):
    assert named(forged(small, change)) == line


@pytest.mark.parametrize(
    "change",
    [
        lambda r: [r[0], {**r[1], "actor": "eve"}, r[2]],
        lambda r: [r[1], r[0], r[2]],
        lambda r: [r[0], r[0], r[1], r[2]],
        lambda r: [r[0], r[2]],
        lambda r: r[:1],
    ],
    ids=["changed", "swapped", "doubled", "removed", "cut off"],
)
async def test_a_chain_computed_anew_does_not_meet_the_old_checkpoint(small, change):
    data = forged(small, change, relink=True)

    with pytest.raises(DoesNotHoldError, match="checkpoint"):
        verify(data, keys=KEYS)


async def test_a_cut_behind_the_last_checkpoint_is_found_by_a_witness(small):
    _, records, _ = parts(small)
    cut = forged(small, lambda r: r[:2])
    witness = f"3:{records[2]['hash'][:12]}"

    assert verify(cut, keys=KEYS).records == 2
    assert verify(small, keys=KEYS, witnesses=(witness,)).records == 3
    with pytest.raises(DoesNotHoldError, match="does not reach"):
        verify(cut, keys=KEYS, witnesses=(witness,))


@pytest.mark.parametrize(
    "witness", ["1:00000000", "3:ab", "0:00000000", "9:00000000", "x", "", "²:00000000",
                "1" * 5000 + ":00000000"]
)  # fmt: skip
async def test_a_witness_that_the_chain_does_not_know_is_found(small, witness):
    with pytest.raises(DoesNotHoldError, match="witness"):
        verify(small, keys=KEYS, witnesses=(witness,))


def with_checkpoint(data, **changes):
    header, records, (checkpoint,) = parts(data)
    return closed([header, *records, {**checkpoint, **changes}])


async def test_a_checkpoint_of_a_key_that_is_not_ours_is_refused(small):
    _, records, _ = parts(small)
    eve = Ed25519PrivateKey.from_private_bytes(b"e" * 32)
    fake = signed(2, records[1]["hash"], key=eve).signature

    with pytest.raises(DoesNotHoldError, match="no key of yours"):
        verify(with_checkpoint(small, signature=fake), keys=KEYS)


@pytest.mark.parametrize(
    "signature",
    ["", "vault:v1:", "vault:v2:{}", "vaulT:v1:{}", "vault:v1:{}=", "vault:v1:!{}",
     "{}", "vault:v1:AAAA"],
)  # fmt: skip
async def test_a_signature_in_any_other_spelling_is_refused(small, signature):
    _, _, (checkpoint,) = parts(small)
    encoded = checkpoint["signature"].rpartition(":")[2]

    with pytest.raises(DoesNotHoldError, match="no key of yours"):
        verify(with_checkpoint(small, signature=signature.format(encoded)), keys=KEYS)


async def test_a_checkpoint_of_another_client_is_refused(small):
    _, records, _ = parts(small)
    other = signed(2, records[1]["hash"], client="globex").signature

    with pytest.raises(DoesNotHoldError, match="no key of yours"):
        verify(with_checkpoint(small, signature=other), keys=KEYS)


async def test_a_signature_moved_to_another_record_is_refused(small):
    _, records, _ = parts(small)

    with pytest.raises(DoesNotHoldError, match="no key of yours"):
        verify(with_checkpoint(small, seq=3, head=records[2]["hash"]), keys=KEYS)


@pytest.mark.parametrize("keys", [{}, {"1": "!"}, {"1": ""}, {"2": KEYS["1"]}])
async def test_without_the_right_key_nothing_is_taken_on_trust(small, keys):
    with pytest.raises(DoesNotHoldError, match="no key of yours"):
        verify(small, keys=keys)


# --- as a program, with nothing of ours beside it


def run(folder, data, *, keys=SPELLED_KEYS):
    (folder / "export.jsonl").write_bytes(data)
    (folder / "keys.json").write_text(keys)
    words = [sys.executable, "-I", VERIFIER, "export.jsonl", "--keys", "keys.json"]
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False
    )


async def test_the_program_says_that_it_holds(small, tmp_path):
    done = run(tmp_path, small)

    assert done.returncode == 0
    assert done.stdout.startswith("holds: acme, 3 records, head ")


async def test_the_program_names_the_fault(small, tmp_path):
    done = run(tmp_path, small.replace(b'"bob"', b'"eve"'))

    assert done.returncode == 1
    assert done.stdout.startswith("DOES NOT HOLD: line 3 (record 2): what it says")


@pytest.mark.parametrize("keys", ["", "[]", "nonsense"])
async def test_the_program_says_when_it_could_not_check(small, tmp_path, keys):
    done = run(tmp_path, small, keys=keys)

    assert done.returncode == 2
    assert "not checked" in done.stderr


def test_the_verifier_imports_nothing_but_the_standard_library():
    text = VERIFIER.read_text(encoding="utf-8")

    imported = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))

    assert imported <= sys.stdlib_module_names


# --- Ed25519


# RFC 8032, section 7.1, tests 1 to 3 and SHA(abc): key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
            "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
            "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
            "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
            "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ec"
            "fdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_verify(key, message, signature):
    raw = (bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))

    assert ed25519_verified(*raw)
    assert not ed25519_verified(raw[0], raw[1] + b"x", raw[2])


seeds = st.binary(min_size=32, max_size=32)


@settings(max_examples=40)
@given(seeds, st.binary(max_size=100))
def test_what_another_library_signs_verifies(seed, message):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    assert ed25519_verified(raw, message, key.sign(message))


@settings(max_examples=60)
@given(seeds, st.binary(max_size=20), st.integers(0, 767), st.booleans())
def test_what_another_library_refuses_is_refused(seed, message, bit, change_key):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    both = bytearray(raw + key.sign(message))
    both[(bit // 8) % 32 if change_key else 32 + (bit // 8) % 64] ^= 1 << bit % 8
    changed, signature = bytes(both[:32]), bytes(both[32:])

    try:
        Ed25519PublicKey.from_public_bytes(changed).verify(signature, message)
        theirs = True
    except (InvalidSignature, ValueError):
        theirs = False

    assert ed25519_verified(changed, message, signature) == theirs


def test_a_second_spelling_of_a_signature_is_refused():
    order = 2**252 + 27742317777372353535851937790883648493
    raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = KEY.sign(b"x")
    s = int.from_bytes(signature[32:], "little") + order

    assert not ed25519_verified(raw, b"x", signature[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize(
    ("key", "signature"), [(b"", b""), (b"k" * 31, b"s" * 64), (b"k" * 32, b"s" * 63)]
)
def test_the_wrong_sizes_are_refused(key, signature):
    assert not ed25519_verified(key, b"", signature)


@pytest.mark.parametrize(
    "key", [b"\xff" * 32, (2**255 - 19).to_bytes(32, "little"),
            (1 | 1 << 255).to_bytes(32, "little"), (2).to_bytes(32, "little")]
)  # fmt: skip
def test_what_is_no_point_of_the_curve_is_no_key(key):
    assert not ed25519_verified(key, b"", KEY.sign(b""))
