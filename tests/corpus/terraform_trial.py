"""Every plain attribute of real Terraform changed, put in, and taken out again."""

from __future__ import annotations

import random
import subprocess
from collections import defaultdict
from typing import TYPE_CHECKING

from bot.domain.errors import Refused
from bot.domain.terraform.address import Address
from bot.domain.terraform.blocks import NewBlock, append_block, remove_block
from bot.domain.terraform.edit import set_attribute
from bot.domain.terraform.expression import Literal, classify
from bot.domain.terraform.hcl import parse
from bot.domain.terraform.literal import write
from bot.domain.terraform.value import written_value
from bot.domain.terraform.variables import set_variable, variable
from tests.corpus.book import Book
from tests.corpus.differences import only_lines_came, only_value_changed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bot.domain.terraform.hcl import Block

MOST_A_BLOCK = 4
MOST_A_FILE = 12
HOSTILE = ('${file("x")}', "%{if true}", '"', "a\nb", "$${x}", "é漢\u202e")
RULE = NewBlock(
    type="resource",
    labels=("aws_security_group_rule", "tandem_trial"),
    attributes=(
        ("type", "ingress"),
        ("from_port", 8443),
        ("cidr_blocks", ("203.0.113.0/24",)),
    ),
)
PUT_IN = Address("aws_security_group_rule", "tandem_trial")


def trees(root: Path) -> Iterator[dict[str, bytes]]:
    """Yield one tree for each folder of the corpus, as one commit would have it."""
    for project in sorted(one for one in root.iterdir() if one.is_dir()):
        yield {
            str(path.relative_to(project)): path.read_bytes()
            for path in sorted(project.rglob("*"))
            if path.name.endswith((".tf", ".tfvars", ".tf.json", ".tfvars.json"))
            and path.is_file()
        }


def terraform_trial(root: Path) -> Book:
    """Edit every file of the corpus and judge each edit from the outside."""
    book, dice = Book(), random.Random(7)  # noqa: S311 - the same run each time
    for tree in trees(root):
        by_directory: dict[str, dict[str, bytes]] = defaultdict(dict)
        for path, source in tree.items():
            by_directory[path.rpartition("/")[0]][path] = source
        for directory, files in by_directory.items():
            for path, source in files.items():
                if path.endswith(".tf"):
                    _one_file(files, directory, path, source, book, dice)
                elif path.endswith(".tfvars"):
                    _variables(path, source, book, dice)
    return book


def _one_file(files, directory, path, source, book, dice):  # noqa: PLR0917 - a walk's state
    book.files += 1
    try:
        document = parse(path, source)
    except Refused as refusal:
        book.unreadable += 1
        book.refused[_why(refusal)] += 1
        return
    _whole_block(files, path, source, book)
    tried = 0
    for block in document.blocks:
        if block.type != "resource" or len(block.labels) != 2 or tried >= MOST_A_FILE:
            continue
        for attribute in _attributes(block)[:MOST_A_BLOCK]:
            tried += 1
            _one_attribute(files, directory, block, attribute, book, dice)


def _attributes(block: Block) -> list[str]:
    own = [one.name for one in block.attributes]
    inner = [
        f"{each.type}.{one.name}" for each in block.blocks for one in each.attributes
    ]
    return own + inner


def _one_attribute(tree, directory, block, attribute, book, dice):  # noqa: PLR0917 - as above
    address = Address(str(block.labels[0]), str(block.labels[1]), _key(block))
    where = f"{block.file}: {address}.{attribute}"
    try:
        old = written_value(tree, root=directory, address=address, attribute=attribute)
        value = another(old, dice)
        edit = set_attribute(
            tree, root=directory, address=address, attribute=attribute, value=value
        )
    except Refused as refusal:
        book.refused[_why(refusal)] += 1
        return
    except Exception as error:  # noqa: BLE001 - each is a defect to be listed
        book.wrong.append(f"{where}: {type(error).__name__} {error}")
        return
    book.accepted["one value"] += 1
    found = only_value_changed(
        edit.before,
        edit.after,
        old=_literal(edit.before, edit.line, edit),
        new=write(value).encode(),
    )
    if found:
        book.wrong.append(f"{where}: {found}")
    now = {**tree, edit.file: edit.after}
    if (
        written_value(now, root=directory, address=address, attribute=attribute)
        != value
    ):
        book.wrong.append(f"{where}: reads back as something else")
    book.edited.append((where, edit.before, edit.after))


def _literal(before: bytes, line: int, edit) -> bytes:
    """Return the old value as it stands there: what is left between equal ends."""
    was, now = before.split(b"\n")[line - 1], edit.after.split(b"\n")[line - 1]
    new = write(edit.new_value).encode()
    start = 0
    while start < min(len(was), len(now)) and was[start] == now[start]:
        start += 1
    for begin in range(start, -1, -1):
        if now.startswith(new, begin) and was[:begin] == now[:begin]:
            tail = now[begin + len(new) :]
            code = tail.split(b" #")[0].split(b" //")[0].rstrip()
            rest = was[begin:]
            end = (
                rest.rfind(code)
                if code
                else len(rest.split(b" #")[0].split(b" //")[0].rstrip())
            )
            return rest[:end]
    return b""


def _key(block: Block) -> str | None:
    return "tandem" if block.attribute("for_each") else None


def another(old, dice):
    """Return a value of the same kind that is another one, hostile now and then."""
    if isinstance(old, bool):
        return not old
    if isinstance(old, int | float):
        return old + dice.choice((1, 10, 1000))
    if isinstance(old, str):
        return dice.choice((f"{old}x", "x", *HOSTILE))
    return "x"


def _whole_block(files: Mapping[str, bytes], path, source, book):
    """Put a block in and take it out: not one byte may be left of it."""
    directory = path.rpartition("/")[0]
    try:
        put = append_block(files, file=path, block=RULE)
        taken = remove_block({**files, path: put.after}, root=directory, address=PUT_IN)
    except Refused as refusal:
        book.refused[f"block: {_why(refusal)}"] += 1
        return
    except Exception as error:  # noqa: BLE001 - each is a defect to be listed
        book.wrong.append(f"{path}: block: {type(error).__name__} {error}")
        return
    book.accepted["one block in, and out"] += 1
    if found := only_lines_came(source, put.after):
        book.wrong.append(f"{path}: block: {found}")
    if taken.after.rstrip() != source.rstrip():
        book.wrong.append(f"{path}: block: something is left of it")
    book.edited.append((f"{path}: block in", source, put.after))


def _variables(path, source, book, dice):
    book.files += 1
    try:
        document = parse(path, source)
    except Refused as refusal:
        book.unreadable += 1
        book.refused[_why(refusal)] += 1
        return
    for attribute in document.attributes[:MOST_A_FILE]:
        name = attribute.name
        if not isinstance(classify(attribute.expression), Literal):
            book.refused["not a plain value"] += 1
            continue
        try:
            value = another(variable(source, file=path, path=(name,)), dice)
            edit = set_variable(source, file=path, path=(name,), value=value)
        except Refused as refusal:
            book.refused[_why(refusal)] += 1
            continue
        book.accepted["one variable"] += 1
        found = only_value_changed(
            source,
            edit.after,
            old=_literal(source, edit.line, edit),
            new=write(value).encode(),
        )
        if found:
            book.wrong.append(f"{path}: {name}: {found}")
        book.edited.append((f"{path}: {name}", source, edit.after))


def _why(refusal: Refused) -> str:
    return refusal.message.key.removeprefix("refused.")


def unformatted(sources: list[bytes], folder: Path, terraform: str) -> set[int]:
    """Return which of the files `terraform fmt` would change, by their number."""
    folder.mkdir()
    for number, source in enumerate(sources):
        (folder / f"{number}.tf").write_bytes(source)
    done = subprocess.run(
        [terraform, "fmt", "-check", "-list=true", "-no-color", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    names = (line.rpartition("/")[2] for line in done.stdout.splitlines())
    return {int(name.removesuffix(".tf")) for name in names if name.endswith(".tf")}
