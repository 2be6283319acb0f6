"""`/infra show`: all there is to know of one target before anybody touches it."""

from __future__ import annotations

from typing import Annotated

from bot import sdk

_LATEST = 5
_OPEN = 5


class Show(sdk.Query, name="show"):
    """
    Show one target: what it is, what you can do, who decides, what was done.

    Its live state follows after a moment: it is read for you with rights that only
    read, and compared with what the code says. Nothing is changed by looking.
    """

    target: Annotated[str, sdk.arg("what to look at", example="web-2")]

    async def answer(self, reading: sdk.Reading) -> sdk.Sheet:
        target = reading.target(self.target)
        looks = reading.can_look_at(target)
        open_now = await reading.open_on(target)
        latest = await reading.last_on(target, most=_LATEST)
        now_open = {hit.operation.id for hit in open_now}
        ended = tuple(hit for hit in latest if hit.operation.id not in now_open)
        return sdk.Sheet(
            title=sdk.text(
                en="{ $name } · { $kind } · { $environment }",
                args={
                    "name": target.name,
                    "kind": target.kind,
                    "environment": _environment(target),
                },
            ),
            sections=(
                _what(target, reading),
                _commands(target, reading),
                _deciding(target, reading),
                *_operations(tuple(open_now), ended),
            ),
            hint=_follows() if looks else _unread(target),
            look_at=target.name if looks else None,
        )


def _what(target: sdk.Target, reading: sdk.Reading) -> sdk.Section:
    names = [one.name for one in reading.targets]
    alike = sdk.look_alikes(target.name, names)
    mind = sdk.text(
        en="Mind the name: this is not { $names }.",
        fr="Attention au nom : ce n'est pas { $names }.",
        args={"names": ", ".join(alike)},
    )
    lines = (_plain(target.description), _code(target), *_cloud(target))
    return sdk.Section(
        heading=sdk.text(en="What it is", fr="Ce que c'est", args={}),
        lines=(*lines, mind) if alike else lines,
    )


def _commands(target: sdk.Target, reading: sdk.Reading) -> sdk.Section:
    specs = reading.commands_for(target)
    none = sdk.text(
        en="No command fits. /infra ticket asks the provider in words.",
        fr="Aucune commande ne convient. /infra ticket demande au prestataire.",
        args={},
    )
    return sdk.Section(
        heading=sdk.text(en="What you can do", fr="Ce que vous pouvez faire", args={}),
        lines=() if specs else (none,),
        typed=tuple(spec.usage_on(target.name) for spec in specs),
    )


def _deciding(target: sdk.Target, reading: sdk.Reading) -> sdk.Section:
    lines = tuple(
        sdk.text(
            en="{ $command }: { $who }",
            fr="{ $command } : { $who }",
            args={"command": one.command, "who": one.who},
        )
        for one in reading.deciding(target)
    )
    nobody = sdk.text(en="Nothing to decide.", fr="Rien à décider.", args={})
    return sdk.Section(
        heading=sdk.text(en="Who decides today", fr="Qui décide aujourd'hui", args={}),
        lines=lines or (nobody,),
    )


def _operations(
    open_now: tuple[sdk.Hit, ...], ended: tuple[sdk.Hit, ...]
) -> tuple[sdk.Section, ...]:
    found = []
    if open_now:
        more = len(open_now) - _OPEN
        lines = (_older(more),) if more > 0 else ()
        heading = sdk.text(
            en="Open now ({ $count })",
            fr="En cours ({ $count })",
            args={"count": len(open_now)},
        )
        found.append(sdk.Section(heading=heading, lines=lines, hits=open_now[:_OPEN]))
    if ended:
        heading = sdk.text(en="Done last", fr="Fait en dernier", args={})
        found.append(sdk.Section(heading=heading, hits=ended))
    return tuple(found)


def _older(count: int) -> sdk.Message:
    return sdk.text(
        en="{ $count } more: see /infra audit",
        fr="{ $count } de plus : voir /infra audit",
        args={"count": count},
    )


def _code(target: sdk.Target) -> sdk.Message:
    if target.terraform is None:
        return sdk.text(
            en="Not in Terraform: only direct actions fit.",
            fr="Pas dans Terraform : seules les actions directes conviennent.",
            args={},
        )
    return sdk.text(
        en="Terraform: { $address } in { $directory }",
        fr="Terraform : { $address } dans { $directory }",
        args={
            "address": target.terraform.address,
            "directory": target.terraform.directory,
        },
    )


def _cloud(target: sdk.Target) -> tuple[sdk.Message, ...]:
    known = target.model_dump(mode="json", exclude_none=True).get("aws", {})
    found = [_plain(f"AWS: {name} {value}") for name, value in known.items()]
    if target.protected:
        protected = sdk.text(
            en="Protected, changed by no command: { $names }",
            fr="Protégé, qu'aucune commande ne change : { $names }",
            args={"names": ", ".join(target.protected)},
        )
        found.append(protected)
    return tuple(found)


def _plain(text: str) -> sdk.Message:
    return sdk.text(en="{ $text }", args={"text": text})


def _environment(target: sdk.Target) -> sdk.Message:
    return sdk.Message.of(f"environment.{target.environment.value}")


def _follows() -> sdk.Message:
    return sdk.text(
        en="Its live state follows here in a moment.",
        fr="Son état réel suit ici dans un instant.",
        args={},
    )


def _unread(target: sdk.Target) -> sdk.Message:
    return sdk.text(
        en="Nothing reads the live state of a { $kind } yet.",
        fr="Rien ne lit encore l'état réel d'un { $kind }.",
        args={"kind": target.kind},
    )
