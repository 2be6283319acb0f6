#!/usr/bin/env python3
"""
Verify an export of Tandem's audit, offline, with nothing but Python's standard library.

    python3 tandem_verify.py export.jsonl --keys keys.json [--witness SEQ:HASH …]

It imports nothing of the product: it is a second writing of the same rules, so that a
mistake in one shows against the other. What it checks, and in which order:

1. The spelling: each line is the one canonical spelling of its JSON.
2. The chain: each record's content hash, its place, and the hash over all before it.
3. The checkpoints: each is signed (Ed25519, RFC 8032) by a key of `--keys`, which you
   took from Vault yourself, and agrees with the record it names. `--witness` takes what
   was published in the client's channel: the chain must still contain it.
4. Every byte: the last line is the SHA-256 of all before it. It comes last so that a
   fault is named by the line that has it, not only as "somewhere".

Exit status: 0 it holds, 1 it does not (what and where is printed), 2 not checked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = "tandem-audit/1"
CHECKPOINT = "tandem-checkpoint/1"


class DoesNotHoldError(Exception):
    """The export is not what was recorded; the message names the first fault."""


@dataclass(frozen=True)
class Verdict:
    """What was found to hold."""

    client: str
    records: int
    head: str
    checkpoints: int


def verify(
    data: bytes, *, keys: dict[str, str], witnesses: tuple[str, ...] = ()
) -> Verdict:
    """Return what holds, or raise DoesNotHoldError naming the first line at fault."""
    header, *lines, end = _lines(data)
    client = _client(header)
    records, checkpoints = _sorted(lines)
    if type(header["records"]) is not int or header["records"] != len(records):
        raise DoesNotHoldError(
            f"line 1: it tells of {header['records']} records, there are {len(records)}"
        )
    hashes = _chain(client, records)
    for number, line in checkpoints:
        _checkpoint(number, line, client=client, hashes=hashes, keys=keys)
    for witness in witnesses:
        _witness(witness, hashes)
    body = data[: data.rindex(b"\n", 0, -1) + 1]
    if end != {"kind": "end", "sha256": hashlib.sha256(body).hexdigest()}:
        raise DoesNotHoldError(
            f"line {len(lines) + 2}: it is not the hash of the lines before it"
        )
    return Verdict(client, len(records), hashes[-1], len(checkpoints))


def _lines(data: bytes) -> list[dict[str, Any]]:
    """Return the lines, at least a header and an end, each in its one spelling."""
    raw = data.split(b"\n")
    if raw.pop() != b"":
        raise DoesNotHoldError(f"line {len(raw) + 1}: it was cut off")
    found = []
    for number, line in enumerate(raw, start=1):
        try:
            value = json.loads(line)
            canonical = json.dumps(
                value, sort_keys=True, separators=(",", ":"), ensure_ascii=True
            ).encode()
        except (ValueError, RecursionError) as error:
            raise DoesNotHoldError(f"line {number}: not JSON") from error
        if canonical != line or not isinstance(value, dict):
            raise DoesNotHoldError(f"line {number}: not in its canonical spelling")
        found.append(value)
    if len(found) < 2 or found[-1].get("kind") != "end":  # noqa: PLR2004 - header, end
        raise DoesNotHoldError(
            f"line {max(len(found), 1)}: the end of the export is missing"
        )
    return found


def _client(header: dict[str, Any]) -> str:
    """Return whose audit this is; only what can be written as UTF-8 names a client."""
    client = header.get("client")
    if (
        set(header) != {"format", "client", "records"}
        or header["format"] != FORMAT
        or not isinstance(client, str)
        or client.encode(errors="replace").decode() != client
    ):
        raise DoesNotHoldError("line 1: not the header of an audit export")
    return client


_Numbered = tuple[int, dict[str, Any]]


def _sorted(lines: list[dict[str, Any]]) -> tuple[list[_Numbered], list[_Numbered]]:
    """Return the records and, after them, the checkpoints, with their line numbers."""
    records: list[_Numbered] = []
    checkpoints: list[_Numbered] = []
    for number, line in enumerate(lines, start=2):
        kind = line.get("kind")
        if kind == "record" and not checkpoints:
            records.append((number, line))
        elif kind == "checkpoint":
            checkpoints.append((number, line))
        else:
            raise DoesNotHoldError(f"line {number}: neither record nor checkpoint")
    return records, checkpoints


def _chain(client: str, records: list[_Numbered]) -> list[str]:
    """Return the hash after each record, the one before the first included."""
    hashes = [hashlib.sha256(f"{FORMAT}\n{client}".encode()).hexdigest()]
    for place, (number, record) in enumerate(records, start=1):
        where = f"line {number} (record {place})"
        _shaped(record, where)
        if record["seq"] != place:
            raise DoesNotHoldError(
                f"{where}: its number is {record['seq']}, a record is missing or moved"
            )
        follows = record["previous"] == hashes[-1]
        if record["content"] != _content(client, record):
            if place == 1 and not follows:
                raise DoesNotHoldError("line 1: it names another client than line 2")
            raise DoesNotHoldError(f"{where}: what it says was changed")
        if not follows:
            raise DoesNotHoldError(f"{where}: it does not follow the record before it")
        linked = hashlib.sha256(
            bytes.fromhex(hashes[-1])
            + place.to_bytes(8, "big", signed=True)
            + bytes.fromhex(record["content"])
        ).hexdigest()
        if record["hash"] != linked:
            raise DoesNotHoldError(f"{where}: its hash is not that of the chain")
        hashes.append(linked)
    return hashes


_TEXTS = {
    "kind",
    "at",
    "event",
    "actor",
    "source",
    "body",
    "content",
    "previous",
    "hash",
}


def _shaped(record: dict[str, Any], where: str) -> None:
    """Refuse what is not of the one shape: equal hashes must mean equal records."""
    if set(record) != _TEXTS | {"seq", "operation"}:
        raise DoesNotHoldError(f"{where}: fields are missing or added")
    texts = [record[name] for name in _TEXTS]
    if record["operation"] is not None:
        texts.append(record["operation"])
    if type(record["seq"]) is not int or not all(isinstance(x, str) for x in texts):
        raise DoesNotHoldError(f"{where}: a field is not of its kind")


def _content(client: str, record: dict[str, Any]) -> str:
    fields = [FORMAT, client, record["at"], record["event"], record["actor"]]
    fields += [record["source"], record["operation"] or "", record["body"]]
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _checkpoint(
    number: int,
    line: dict[str, Any],
    *,
    client: str,
    hashes: list[str],
    keys: dict[str, str],
) -> None:
    where = f"line {number} (checkpoint)"
    if set(line) != {"kind", "seq", "head", "at", "signature"}:
        raise DoesNotHoldError(f"{where}: fields are missing or added")
    seq, at, signature = line["seq"], line["at"], line["signature"]
    if type(seq) is not int or not (isinstance(at, str) and isinstance(signature, str)):
        raise DoesNotHoldError(f"{where}: a field is not of its kind")
    if not 0 < seq < len(hashes):
        raise DoesNotHoldError(
            f"{where}: it was signed when there were {seq} records, there are "
            f"{len(hashes) - 1}: the end was cut off"
        )
    if hashes[seq] != line["head"]:
        raise DoesNotHoldError(f"{where}: record {seq} is not the one that was signed")
    payload = "\n".join((CHECKPOINT, client, str(seq), line["head"], at))
    if not _signed(signature, payload.encode(errors="replace"), keys):
        raise DoesNotHoldError(f"{where}: no key of yours signed it")


def _witness(witness: str, hashes: list[str]) -> None:
    seq, _, start = witness.partition(":")
    place = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 20 else 0  # noqa: PLR2004 - 64 bits
    if not 0 < place < len(hashes):
        raise DoesNotHoldError(f"witness {witness}: the chain does not reach that far")
    if len(start) < 8 or not hashes[place].startswith(start):  # noqa: PLR2004 - too little to tell
        raise DoesNotHoldError(f"witness {witness}: record {seq} is another one")


def _signed(signature: str, payload: bytes, keys: dict[str, str]) -> bool:
    """Check Vault's `vault:v<key version>:<base64>` by the key of that version."""
    vault, _, rest = signature.partition(":v")
    version, _, encoded = rest.partition(":")
    if vault != "vault" or version not in keys:
        return False
    try:
        raw = base64.b64decode(encoded, validate=True)
        key = base64.b64decode(keys[version], validate=True)
    except (binascii.Error, ValueError):
        return False
    # The last letter before the padding has bits that nobody reads: one spelling only.
    if base64.b64encode(raw).decode() != encoded:
        return False
    return ed25519_verified(key, payload, raw)


# Ed25519 as RFC 8032 (section 5.1 and appendix A) has it: verification only, in plain
# arithmetic. Slow and not constant-time, which verifying public things does not need.
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def ed25519_verified(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the 64-byte signature of the message is by the 32-byte key."""
    if len(key) != 32 or len(signature) != 64:  # noqa: PLR2004 - RFC 8032's sizes
        return False
    public, r = _point(key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if public is None or r is None or s >= _L:
        return False
    k = hashlib.sha512(signature[:32] + key + message).digest()
    left = _times(s, _BASE)
    right = _add(r, _times(int.from_bytes(k, "little") % _L, public))
    return _same(left, right)


def _add(a: _Point, b: _Point) -> _Point:
    first, second = (
        (a[1] - a[0]) * (b[1] - b[0]) % _P,
        (a[1] + a[0]) * (b[1] + b[0]) % _P,
    )
    third, fourth = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = second - first, fourth - third, fourth + third, second + first
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _same(a: _Point, b: _Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % _P == 0 == (a[1] * b[2] - b[1] * a[2]) % _P


def _x(y: int, sign: int) -> int | None:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P != 0:
        x = x * _ROOT % _P
    if (x * x - square) % _P != 0:
        return None
    return _P - x if x & 1 != sign else x


def _point(raw: bytes) -> _Point | None:
    number = int.from_bytes(raw, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = _x(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _x(_BASE_Y, 0) or 0
_BASE: _Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def main() -> int:
    """Read the words of the command line, verify, and say what was found."""
    parser = argparse.ArgumentParser(description="Verify an export of Tandem's audit.")
    parser.add_argument("export", type=Path)
    parser.add_argument(
        "--keys", type=Path, required=True, help='{"1": "<base64>"}, taken from Vault'
    )
    parser.add_argument(
        "--witness", action="append", default=[], metavar="SEQ:HASH", help="published"
    )
    asked = parser.parse_args()
    try:
        keys = {str(k): str(v) for k, v in json.loads(asked.keys.read_text()).items()}
        data = asked.export.read_bytes()
    except (OSError, ValueError, AttributeError) as error:
        print(f"not checked: {error}", file=sys.stderr)  # noqa: T201 - a program's answer
        return 2
    try:
        found = verify(data, keys=keys, witnesses=tuple(asked.witness))
    except DoesNotHoldError as fault:
        print(f"DOES NOT HOLD: {fault}")  # noqa: T201 - a program's answer
        return 1
    print(  # noqa: T201 - a program's answer
        f"holds: {found.client}, {found.records} records, head {found.head}, "
        f"{found.checkpoints} signed checkpoints"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
