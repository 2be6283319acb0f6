"""
Changing one attribute of one Terraform resource in its source, and nothing else.

`set_attribute` finds the one place in git that decides the value, replaces its bytes
and proves on the result that the same way now leads to the new value. Reads no disk and
runs no Terraform: bytes in, an `Edit` out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.editing.edit import Edit, Step
from bot.domain.errors import Broken
from bot.domain.terraform.directory import Tree, normal
from bot.domain.terraform.expression import value_span
from bot.domain.terraform.follow import follow
from bot.domain.terraform.insert import with_attribute
from bot.domain.terraform.json_vars import write as write_json
from bot.domain.terraform.literal import (
    NotWritableError,
    Scalar,
    canonical,
    same,
    write,
)
from bot.domain.terraform.locate import Located, locate, missing, owner
from bot.domain.terraform.readers import readers
from bot.domain.terraform.refusal import Reason, excerpt, refused
from bot.domain.terraform.splice import splice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.terraform.address import Address
    from bot.domain.terraform.hcl import Block, Document, Expression
    from bot.domain.terraform.place import Place


def set_attribute(
    files: Mapping[str, bytes],
    *,
    root: str,
    address: Address,
    attribute: str,
    value: Scalar,
    var_files: Sequence[str] = (),
    insert: bool = False,
) -> Edit:
    """
    Return the edit after which `attribute` of `address` is `value`.

    `files` is the tree by path, `root` the directory Terraform is run in, `attribute` a
    name, or names with dots through one nested block or object. `var_files` are the
    paths that the pipeline gives with `-var-file`, in its order. Refuses, with file and
    line, whatever is not one plainly written value (`refused.terraform-…`). With
    `insert` an attribute that is not written yet is put into its block.
    """
    tree = Tree(files, var_files=var_files)
    where = normal(root)
    if insert:
        holder = owner(tree, root=where, address=address).block
        if (gap := missing(holder, attribute=attribute)) is not None:
            return _inserted(tree, where, address, attribute, *gap, value=value)
    located = locate(tree, root=where, address=address, attribute=attribute)
    place = _place(tree, located)
    at = place.expression
    if place.value is not None and canonical(place.value) == canonical(value):
        raise refused(Reason.ALREADY, file=at.file, line=at.line, what=at.text)
    after = _spliced(at, value)
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


def _inserted(  # noqa: PLR0917 - the question as it was asked
    tree: Tree,
    root: str,
    address: Address,
    attribute: str,
    block: Block,
    name: str,
    *,
    value: Scalar,
) -> Edit:
    """Return the edit that puts the attribute into its block."""
    written = _written(value, document=block.document, verbatim=False)
    after = with_attribute(block, name=name, written=written)
    changed = tree.with_file(block.file, after)
    located = locate(changed, root=root, address=address, attribute=attribute)
    place = _place(changed, located)
    _prove(place, value=value)
    head = excerpt(" ".join((block.type, *map(str, block.labels))))
    return Edit(
        file=block.file,
        line=place.expression.line,
        before=block.document.source,
        after=after,
        old_value=None,
        new_value=value,
        via=(Step(block.file, block.line, head),),
        consumers=readers(changed, located=located, place=place),
    )


def _prove(place: Place, *, value: Scalar) -> None:
    if not same(place.value, value):
        raise Broken(f"an edit of {place.expression.file} does not read back")


def _place(tree: Tree, located: Located) -> Place:
    return follow(
        tree,
        located.expression,
        scope=located.scope,
        each=located.each,
        path=located.path,
    )


def _spliced(at: Expression, value: Scalar) -> bytes:
    start, end = value_span(at)
    written = _written(value, document=at.document, verbatim=at.verbatim)
    if not at.document.is_json:
        return splice(at.document, (start, end), written)
    source = at.document.source
    return source[:start] + written + source[end:]


def _written(value: Scalar, *, document: Document, verbatim: bool) -> bytes:
    try:
        if document.is_json:
            return write_json(value, file=document.file, verbatim=verbatim).encode()
        return write(value).encode()
    except NotWritableError as error:
        raise refused(Reason.VALUE, file="", what=str(error)) from error
