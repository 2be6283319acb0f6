"""
Variable files in JSON (`*.tfvars.json`): read as documents, and how a value is written.

Terraform evaluates these without any scope, so a text in one is what it says and never
a template: `${x}` stands for itself there and is not escaped, other than in `.tf.json`.
https://developer.hashicorp.com/terraform/language/values/variables#variable-definitions-tfvars-files
https://github.com/hashicorp/hcl/blob/main/json/structure.go (`expression.Value`)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.domain.json_text.document import parse
from bot.domain.json_text.edit import write as json_text
from bot.domain.terraform import literal, template
from bot.domain.terraform.hcl import Document, readable
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from tree_sitter import Node


def read_json(file: str, source: bytes) -> tuple[object, Node]:
    """Return a file's one value, and where it stands; refuses what is not sound."""
    text = readable(file, source)
    try:
        # Stricter than tree-sitter, which allows comments; Terraform does not.
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise refused(Reason.SYNTAX, file=file, line=error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise refused(Reason.SYNTAX, file=file) from error
    return content, parse(file, source).top


def parse_json(file: str, source: bytes) -> Document:
    """Return the file's document; refuses what is not one object of JSON."""
    content, root = read_json(file, source)
    if isinstance(content, list) and content:
        # Terraform lays such objects over each other: nobody writes this by hand.
        raise refused(Reason.JSON, file=file, what="[…]")
    if not isinstance(content, dict | list):
        raise refused(Reason.SYNTAX, file=file)
    return Document(file, source, root, is_json=True)


def write(value: literal.Scalar, *, file: str, verbatim: bool) -> str:
    """Return the JSON of `value`; raises `NotWritableError` as for HCL."""
    literal.write(value)
    if isinstance(value, str) and not verbatim:
        value = template.escaped(value)
    return json_text(value, file=file)
