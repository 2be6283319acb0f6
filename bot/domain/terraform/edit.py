"""
Changing one attribute of one Terraform resource in its source, and nothing else.

`set_attribute` finds the one place in git that decides the value, replaces its bytes
and proves on the result that the same way now leads to the new value. Reads no disk and
runs no Terraform: bytes in, an `Edit` out.
"""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import Broken
from bot.domain.terraform.directory import Tree, normal
from bot.domain.terraform.expression import value_span
from bot.domain.terraform.follow import follow
from bot.domain.terraform.literal import NotWritableError, Scalar, canonical, write
from bot.domain.terraform.locate import Located, locate
from bot.domain.terraform.readers import Consumer, readers
from bot.domain.terraform.refusal import Reason, refused
from bot.domain.terraform.splice import splice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.terraform.address import Address
    from bot.domain.terraform.place import Place, Step


@dataclass(frozen=True, slots=True)
class Edit:
    """
    One changed value in one file; `line` counts from 1.

    `via` is the way from the attribute to the value, first to last. `consumers` are all
    other places that read the same value and will see the new one.
    """

    file: str
    line: int
    before: bytes
    after: bytes
    old_value: Scalar | None
    new_value: Scalar
    via: tuple[Step, ...]
    consumers: tuple[Consumer, ...]

    @property
    def before_sha256(self) -> str:
        """The hash of the file that the edit was made for, as hexadecimal digits."""
        return hashlib.sha256(self.before).hexdigest()

    @property
    def after_sha256(self) -> str:
        """The hash of the file with the edit in it, as hexadecimal digits."""
        return hashlib.sha256(self.after).hexdigest()

    def unified_diff(self) -> str:
        """Return the edit as a patch that `git apply` takes."""
        old, new = (_lines(each) for each in (self.before, self.after))
        names = f"a/{self.file}", f"b/{self.file}"
        patch = difflib.unified_diff(old, new, *names)
        ended = (each if each.endswith("\n") else f"{each}{_NO_END}" for each in patch)
        return "".join(ended)


_NO_END = "\n\\ No newline at end of file\n"


def _lines(source: bytes) -> list[str]:
    # Only a line feed ends a line: str.splitlines would also cut at form feeds.
    text = source.decode()
    parts = text.split("\n")
    return [f"{each}\n" for each in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def set_attribute(
    files: Mapping[str, bytes],
    *,
    root: str,
    address: Address,
    attribute: str,
    value: Scalar,
    var_files: Sequence[str] = (),
) -> Edit:
    """
    Return the edit after which `attribute` of `address` is `value`.

    `files` is the tree by path, `root` the directory Terraform is run in, `attribute` a
    name, or names with dots through one nested block or object. `var_files` are the
    paths that the pipeline gives with `-var-file`, in its order. Refuses, with file and
    line, whatever is not one plainly written value (`refused.terraform-…`).
    """
    tree = Tree(files, var_files=var_files)
    where = normal(root)
    located = locate(tree, root=where, address=address, attribute=attribute)
    place = _place(tree, located)
    at = place.expression
    if place.value is not None and canonical(place.value) == canonical(value):
        raise refused(Reason.ALREADY, file=at.file, line=at.line, what=at.text)
    after = splice(at.document, value_span(at), _written(value))
    changed = tree.with_file(at.file, after)
    again = locate(changed, root=where, address=address, attribute=attribute)
    _prove(_place(changed, again), value=value)
    return Edit(
        file=at.file,
        line=at.line,
        before=at.document.source,
        after=after,
        old_value=place.value,
        new_value=value,
        via=place.steps,
        consumers=readers(tree, located=located, place=place),
    )


def _prove(place: Place, *, value: Scalar) -> None:
    if place.value != value:
        raise Broken(f"an edit of {place.expression.file} does not read back")


def _place(tree: Tree, located: Located) -> Place:
    return follow(
        tree,
        located.expression,
        scope=located.scope,
        each=located.each,
        path=located.path,
    )


def _written(value: Scalar) -> bytes:
    try:
        return write(value).encode()
    except NotWritableError as error:
        raise refused(Reason.VALUE, file="", what=str(error)) from error
