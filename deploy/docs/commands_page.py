"""docs/commands.md, from what each command declares about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import registry

if TYPE_CHECKING:
    from bot.domain.command import Spec
    from bot.domain.query import QuerySpec

_HEAD = """\
# Commands

<!-- Made from commands/*.py by `make docs`. -->

Typed as `/infra <command> …` in a channel that belongs to one client. Values with
spaces go in quotes; any argument may be given by name, as `type=m5.large`. Nothing of
this runs before those whom the route names have approved what its card shows.
"""

_MORE = """\
## Questions and decisions

| line | what it does |
|---|---|
| `/infra help [command]` | the commands, or one of them in full |
| `/infra status <id>` | the whole story of one operation |
| `/infra audit [who:…] [what:…] [on:…] [since:…] [state:…]` | what was done here |
| `/infra approve <id> <fingerprint>` | approve the card that shows this fingerprint |
| `/infra deny <id> <fingerprint> <reason>` | deny it, and say why |
| `/infra cancel <id>` | call off what you asked for |
| `/infra halt <id>` | stop what runs on a host, where it stands |
| `/infra undo <id>` | ask for the way back of what was done |
| `/infra ticket <text>` | when no command fits: opens a GitLab issue in your words |
| `/infra link [<gitlab-name>]` | prove who you are in GitLab; alone: who you are here |
| `/infra link confirm <code>` | say the code that stands under your issue |
| `/infra link remove` | take your link back |

The card's buttons do the same. Those who run the bot have `tandem ops` besides.
"""


def commands_page() -> str:
    """Return the page: each command's help, arguments and an example."""
    build = registry.load()
    specs = [command.spec for command in build.commands.values()]
    parts = [_one(spec) for spec in sorted(specs, key=lambda spec: spec.name)]
    queries = [query.spec for query in build.queries.values()]
    reading = [_read(spec) for spec in sorted(queries, key=lambda spec: spec.name)]
    return "\n".join((_HEAD, *parts, *reading, _MORE))


def _read(spec: QuerySpec) -> str:
    rows = "\n".join(
        f"| `{one.name}` | {one.help} | `{one.example}` |" for one in spec.arguments
    )
    return f"""\
## {spec.name}

    /infra {spec.usage}

{spec.help}

| argument | what it is | example |
|---|---|---|
{rows}

Only reads. For example `/infra {spec.example}`.
"""


def _one(spec: Spec) -> str:
    rows = "\n".join(
        f"| `{one.name}` | {one.help} | `{one.example}` |" for one in spec.arguments
    )
    return f"""\
## {spec.name}

    /infra {spec.usage}

{spec.help}

| argument | what it is | example |
|---|---|---|
{rows}

Risk: {spec.risk.name.lower()}. Works on: {spec.kind}. For example
`/infra {spec.example}`.
"""
