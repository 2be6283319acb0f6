"""
A Terraform tree as Terraform sees it: which file speaks in which directory.

Owns file selection (`.tf`, override files, JSON files, variable files and their order
of precedence) and finding blocks by type and labels. Parses lazily and once.
https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from bot.domain.terraform.hcl import parse
from bot.domain.terraform.json_code import parse_code
from bot.domain.terraform.json_vars import parse_json
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.domain.terraform.hcl import Attribute, Block, Document

# How the files of a module end: code as HCL and code as JSON.
CODE: Final = (".tf", ".tf.json")


def normal(directory: str) -> str:
    """Return a directory's one spelling; the top of the tree is the empty text."""
    path = posixpath.normpath(directory)
    return "" if path == "." else path


class Tree:
    """The files of one commit; made for one edit and thrown away after it."""

    def __init__(
        self, files: Mapping[str, bytes], *, var_files: Sequence[str] = ()
    ) -> None:
        self._files = files
        self._var_files = tuple(normal(each) for each in var_files)
        self._parsed: dict[str, Document] = {}
        self._by_directory: dict[str, list[str]] = {}
        for path in sorted(files):
            self._by_directory.setdefault(posixpath.dirname(path), []).append(path)

    def with_file(self, file: str, source: bytes) -> Tree:
        """Return the same tree with one file's bytes replaced."""
        tree = Tree({**self._files, file: source}, var_files=self._var_files)
        tree._parsed = {k: v for k, v in self._parsed.items() if k != file}
        return tree

    def document(self, file: str) -> Document:
        """Return the parsed file; refuses a file that is wrong anywhere."""
        if file not in self._parsed:
            self._parsed[file] = _reader(file)(file, self._files[file])
        return self._parsed[file]

    def source(self, file: str) -> bytes:
        """Return a file's bytes."""
        return self._files[file]

    def names(
        self, directory: str, *, ending: str | tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return the paths directly in `directory` that end so, in order."""
        paths = self._by_directory.get(directory, [])
        return tuple(path for path in paths if path.endswith(ending))

    def ending(self, *endings: str) -> tuple[str, ...]:
        """Return every path of the tree that ends so, in order."""
        every = (path for paths in self._by_directory.values() for path in paths)
        return tuple(path for path in every if path.endswith(endings))

    def documents(self, directory: str) -> tuple[Document, ...]:
        """Return the documents of a module; refuses when there are none."""
        paths = self.names(directory, ending=CODE)
        if not paths:
            raise refused(Reason.NO_FILES, file=directory or ".")
        return tuple(self.document(path) for path in paths)

    def blocks(self, directory: str, kind: str) -> tuple[Block, ...]:
        """Return the module's top-level blocks of one type."""
        documents = self.documents(directory)
        return tuple(
            block for each in documents for block in each.blocks if block.type == kind
        )

    def block(self, directory: str, kind: str, *labels: str) -> Block:
        """Return the one block of that type and labels; refuses none and several."""
        found = [each for each in self.blocks(directory, kind) if each.labels == labels]
        what = ".".join((kind, *labels))
        if not found:
            raise refused(Reason.NO_BLOCK, file=directory or ".", what=what)
        _one_speaks(found, what=what)
        return found[0]

    def local(self, directory: str, name: str) -> Attribute:
        """Return the `locals` entry of that name; refuses none and several."""
        found = [
            attribute
            for block in self.blocks(directory, "locals")
            for attribute in block.attributes
            if attribute.name == name
        ]
        what = f"local.{name}"
        if not found:
            raise refused(Reason.NO_BLOCK, file=directory or ".", what=what)
        _one_speaks(found, what=what)
        return found[0]

    def assignment(self, directory: str, variable: str) -> Attribute | None:
        """
        Return what a root module's variable is set to by the files Terraform loads.

        Refuses when a file that only a `-var-file` option would load has a say and the
        operator did not list any.
        """
        last: Attribute | None = None
        for path in self._loaded(directory):
            last = self.document(path).attribute(variable) or last
        self._no_other_var_file(directory, variable)
        return last

    def _loaded(self, directory: str) -> tuple[str, ...]:
        """Return the variable files, the last word last."""
        paths = self.names(directory, ending=_VARIABLES)
        plain = [path for path in paths if posixpath.basename(path) in _PLAIN]
        auto = [path for path in paths if path.endswith(_AUTO)]
        given = [path for path in self._var_files if path in self._files]
        return (*plain, *auto, *given)

    def _no_other_var_file(self, directory: str, variable: str) -> None:
        if self._var_files:
            return
        prefix = f"{directory}/" if directory else ""
        for path in self.ending(*_VARIABLES):
            name = posixpath.basename(path)
            automatic = name in _PLAIN or name.endswith(_AUTO)
            if automatic or not path.startswith(prefix):
                continue
            mentioned = variable.encode() in self._files[path]
            if mentioned and self.document(path).attribute(variable) is not None:
                raise refused(Reason.VAR_FILE, file=path, what=f"var.{variable}")


# Names in the order Terraform loads them: `.json` sorts after the plain name.
_PLAIN: Final = ("terraform.tfvars", "terraform.tfvars.json")
_AUTO: Final = (".auto.tfvars", ".auto.tfvars.json")
_VARIABLES: Final = (".tfvars", ".tfvars.json")


def _reader(file: str) -> Callable[[str, bytes], Document]:
    if file.endswith(".tf.json"):
        return parse_code
    return parse_json if file.endswith(".json") else parse


def _is_override(path: str) -> bool:
    stem = posixpath.basename(path).removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def _one_speaks(spots: Sequence[Attribute | Block], *, what: str) -> None:
    """Refuse when more than one place says it; name the override file if it is one."""
    if len(spots) == 1:
        return
    for spot in spots:
        if _is_override(spot.file):
            raise refused(Reason.OVERRIDE, file=spot.file, line=spot.line, what=what)
    second = spots[1]
    raise refused(Reason.DUPLICATE, file=second.file, line=second.line, what=what)
