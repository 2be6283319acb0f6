"""What can be seen in Terraform: names, tags, pinned providers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.errors import Refused
from bot.domain.guidelines.advice import Advice
from bot.domain.message import Message
from bot.domain.terraform.hcl import Block, Document, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# https://developer.hashicorp.com/terraform/language/style#resource-naming
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_NAMED: Final = frozenset({"resource", "data", "module", "variable", "output"})
_TAGGED: Final = frozenset(
    {"aws_instance", "aws_db_instance", "aws_ebs_volume", "aws_s3_bucket", "aws_lb"}
)
# A version that has an upper end: `= 5.1`, `5.1.0`, `~> 5.0`, or one with `<`.
_BOUNDED: Final = re.compile(r"~>|<|^\s*=?\s*v?\d")
_QUOTED: Final = re.compile(r'"([^"]*)"')


def terraform(path: str, content: bytes, *, tags: Sequence[str]) -> Iterator[Advice]:
    """Yield advice on a .tf file; one that does not parse is advised on as a whole."""
    try:
        document = parse(path, content)
    except Refused as refusal:
        yield Advice("syntax", path, 1, refusal.message, serious=True)
        return
    for block in document.blocks:
        yield from _names(block)
        yield from _tags(block, tags)
    yield from _versions(document)


def _names(block: Block) -> Iterator[Advice]:
    if block.type in _NAMED and block.labels:
        name = block.labels[-1]
        if name is not None and not _NAME.fullmatch(name):
            said = Message.of("guide.name", {"name": name[:60]})
            yield Advice("naming", block.file, block.line, said)


def _tags(block: Block, tags: Sequence[str]) -> Iterator[Advice]:
    if block.type != "resource" or block.labels[:1] == () or not tags:
        return
    if block.labels[0] not in _TAGGED:
        return
    written = next((one for one in block.attributes if one.name == "tags"), None)
    text = written.expression.text if written else ""
    # What is merged or read from elsewhere cannot be judged from here.
    if written is not None and not text.lstrip().startswith("{"):
        return
    lacking = [tag for tag in tags if not re.search(_key(tag), text)]
    if lacking:
        said = Message.of("guide.tags", {"tags": ", ".join(lacking)})
        yield Advice("tags", block.file, block.line, said)


def _key(tag: str) -> str:
    return rf"""(^|[\s{{,"]){re.escape(tag)}"?\s*[=:]"""


def _versions(document: Document) -> Iterator[Advice]:
    for settings in document.blocks:
        if settings.type != "terraform":
            continue
        for block in settings.blocks:
            if block.type != "required_providers":
                continue
            for provider in block.attributes:
                version = _version(provider.expression.text)
                if version is None or not _BOUNDED.search(version):
                    said = Message.of("guide.version", {"provider": provider.name})
                    yield Advice("pinned", document.file, provider.line, said)


def _version(text: str) -> str | None:
    """Return the version constraint of one entry of required_providers."""
    if text.startswith('"'):
        return text.strip('"')
    found = re.search(r"version\s*=\s*" + _QUOTED.pattern, text)
    return found[1] if found else None
