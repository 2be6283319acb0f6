"""The one value that a change sets: edited, and read back, in whatever language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.editing.refusal import Reason, refused
from bot.domain.json_text import edit as json_edit
from bot.domain.terraform import variables
from bot.domain.yaml_text import edit as yaml_edit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.change import SetValue
    from bot.domain.editing.edit import Edit


def edited(files: Mapping[str, bytes], wanted: SetValue) -> Edit:
    """Return the edit that is wanted; refuses, with the reason, what cannot be."""
    setter = {
        "yaml": yaml_edit.set_value,
        "json": json_edit.set_value,
        "hcl": variables.set_variable,
    }[wanted.format]
    source, path = _source(files, wanted), wanted.path
    return setter(source, file=wanted.file, path=path, value=wanted.value)


def value_now(files: Mapping[str, bytes], wanted: SetValue) -> object:
    """Return what stands there now; refuses, with the reason, what cannot be read."""
    source, file, path = _source(files, wanted), wanted.file, wanted.path
    if wanted.format == "yaml":
        return yaml_edit.read_value(source, file=file, path=path)
    if wanted.format == "json":
        return json_edit.read_value(source, file=file, path=path)
    return variables.variable(source, file=file, path=path)


def _source(files: Mapping[str, bytes], wanted: SetValue) -> bytes:
    if wanted.file not in files:
        raise refused(Reason.NO_FILE, file=wanted.file)
    return files[wanted.file]
