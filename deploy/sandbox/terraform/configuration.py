"""
One environment's configuration: its files read, its variables settled.

Precedence of variables, lowest first: default, `TF_VAR_*`, terraform.tfvars,
*.auto.tfvars by name (developer.hashicorp.com/terraform/language/values/variables).
What the values become for resources is `desired`'s part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from deploy.sandbox.terraform.constraint import converted
from deploy.sandbox.terraform.errors import TerraformError, not_evaluated
from deploy.sandbox.terraform.evaluate import Scope, evaluate
from deploy.sandbox.terraform.syntax import Block, Expression, parse
from deploy.sandbox.terraform.version import check_required

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deploy.sandbox.terraform.values import Value

_TOP = {"terraform", "provider", "variable", "locals", "resource", "data", "output"}


@dataclass(frozen=True)
class Configuration:
    """The parsed files of one directory, and what the environment sets."""

    bodies: tuple[Block, ...]
    tfvars: tuple[Block, ...]
    environment: Mapping[str, str]

    @classmethod
    def of(
        cls, files: Mapping[str, bytes], *, environment: Mapping[str, str]
    ) -> Configuration:
        """Return the configuration of these files, by bare name; refuse the unknown."""
        bodies = [
            parse(name, source)
            for name, source in sorted(files.items())
            if name.endswith(".tf")
        ]
        if not bodies:
            raise TerraformError(
                "No configuration files", detail="The directory has no .tf files."
            )
        tfvars = [parse(name, files[name]) for name in _tfvars_in_order(files)]
        loaded = cls(tuple(bodies), tuple(tfvars), environment)
        loaded.check()
        return loaded

    def check(self) -> None:
        for body in self.bodies:
            body.only()
            for block in body.blocks:
                if block.kind not in _TOP:
                    raise not_evaluated(f"{block.kind} blocks", block.where)
        for block in self.top("terraform"):
            required = block.attributes.get("required_version")
            if required is not None:
                check_required(required)

    def top(self, kind: str) -> Iterator[Block]:
        """Yield the top-level blocks of one kind, in file order."""
        return (b for body in self.bodies for b in body.blocks if b.kind == kind)

    @cached_property
    def variables(self) -> Mapping[str, Value]:
        declared = _by_label(self.top("variable"), "variable")
        given = {
            name: expression
            for body in self.tfvars
            for name, expression in body.attributes.items()
        }
        return {
            name: self._variable(name, block, given.get(name))
            for name, block in declared.items()
        }

    def _variable(self, name: str, block: Block, given: Expression | None) -> Value:
        block.only("type", "default", "description", "sensitive", "nullable")
        for nested in block.blocks:
            raise not_evaluated(f"{nested.kind} blocks in a variable", nested.where)
        wanted = block.attributes.get("type")
        if given is not None:
            return converted(evaluate(given, _NOTHING), wanted, at=given.where)
        from_environment = self.environment.get(f"TF_VAR_{name}")
        if from_environment is not None:
            return self._from_environment(name, block, from_environment)
        default = block.attributes.get("default")
        if default is None:
            raise TerraformError(
                "No value for required variable",
                detail=f'The root module input variable "{name}" is not set, and has '
                "no default value.",
                where=block.where,
            )
        return converted(evaluate(default, _NOTHING), wanted, at=default.where)

    @staticmethod
    def _from_environment(name: str, block: Block, text: str) -> Value:
        wanted = block.attributes.get("type")
        if wanted is None or wanted.text == "string":
            return text
        source = parse(f"TF_VAR_{name}", f"value = {text}\n".encode())
        expression = source.attributes["value"]
        return converted(evaluate(expression, _NOTHING), wanted, at=expression.where)

    @cached_property
    def _local_expressions(self) -> Mapping[str, Expression]:
        found: dict[str, Expression] = {}
        for block in self.top("locals"):
            for name, expression in block.attributes.items():
                if name in found:
                    raise TerraformError(
                        "Duplicate local value definition", where=expression.where
                    )
                found[name] = expression
        return found

    def scope(
        self,
        *,
        resources: Mapping[str, Mapping[str, Value]] | None = None,
        data: Mapping[tuple[str, str], Value] | None = None,
    ) -> Scope:
        """Return what names mean in these files; locals are worked out when asked."""
        under_way: list[str] = []

        def local(name: str) -> Value:
            expression = self._local_expressions[name]
            if name in under_way:
                raise TerraformError(
                    "Cycle", detail=" → ".join(under_way), where=expression.where
                )
            under_way.append(name)
            try:
                return evaluate(expression, scope)
            finally:
                under_way.pop()

        scope = Scope(self.variables.__getitem__, local, {}, resources, data)
        return scope

    @cached_property
    def outputs(self) -> Mapping[str, Expression]:
        found: dict[str, Expression] = {}
        for name, block in _by_label(self.top("output"), "output").items():
            block.only("value", "description")
            if "value" not in block.attributes:
                raise TerraformError("Missing required argument", where=block.where)
            found[name] = block.attributes["value"]
        return found

    @property
    def backend(self) -> Block | None:
        """Return the backend block; only `local` is known here."""
        for block in self.top("terraform"):
            for nested in block.blocks:
                if nested.kind == "backend":
                    if nested.labels != ("local",):
                        raise not_evaluated("a backend other than local", nested.where)
                    return nested
        return None


def _nothing(name: str) -> Value:
    raise KeyError(name)


_NOTHING = Scope(_nothing, _nothing)


def _tfvars_in_order(names: Iterable[str]) -> list[str]:
    """Return the files that set variables by themselves, lowest precedence first."""
    present = sorted(names)
    return [name for name in present if name == "terraform.tfvars"] + [
        name for name in present if name.endswith(".auto.tfvars")
    ]


def _by_label(blocks: Iterable[Block], kind: str) -> dict[str, Block]:
    found: dict[str, Block] = {}
    for block in blocks:
        name = block.labels[0] if len(block.labels) == 1 else ""
        if not name or name in found:
            raise TerraformError(
                f"Duplicate or unnamed {kind} declaration", where=block.where
            )
        found[name] = block
    return found
