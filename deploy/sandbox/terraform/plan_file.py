"""
Saved plans: sources, variables and both states, from which the plan follows again.

Planning is a pure function of these, so the file needs no second description of what
will be done, and nothing that happens to the checkout later changes what is applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.sandbox.terraform.configuration import Configuration
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.plan import Attributes, Plan, make_plan
from deploy.sandbox.terraform.state import State, parse_state, render_state

if TYPE_CHECKING:
    from deploy.sandbox.terraform.address import Address


class SavedPlan(BaseModel):
    """The content of a plan file of the stand-in; the real terraform cannot read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["sandbox terraform stand-in plan 1"]
    made_at: datetime
    state_path: Path
    sources: Mapping[str, str]
    variables: Mapping[str, str]
    base: str
    refreshed: str

    @classmethod
    def of(
        cls,
        plan: Plan,
        *,
        made_at: datetime,
        state_path: Path,
        sources: Mapping[str, bytes],
        environment: Mapping[str, str],
    ) -> SavedPlan:
        """Return what to save; of the environment only `TF_VAR_*` is kept."""
        return cls(
            format="sandbox terraform stand-in plan 1",
            made_at=made_at,
            state_path=state_path.absolute(),
            sources={name: source.decode() for name, source in sources.items()},
            variables={
                name: value
                for name, value in environment.items()
                if name.startswith("TF_VAR_")
            },
            base=render_state(plan.base).decode(),
            refreshed=render_state(plan.refreshed).decode(),
        )

    @classmethod
    def read(cls, path: Path) -> SavedPlan:
        """Return the plan in this file; refuse what the stand-in did not save."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as fault:
            raise TerraformError(
                "Failed to load plan file", detail=str(fault)
            ) from fault
        except ValidationError as fault:
            raise TerraformError(
                "Invalid plan file",
                detail=f'"{path}" is not a plan that the sandbox\'s stand-in saved.',
            ) from fault

    def configuration(self) -> Configuration:
        """Return the configuration as it was planned."""
        sources = {name: source.encode() for name, source in self.sources.items()}
        return Configuration.of(sources, environment=self.variables)

    def plan(self) -> Plan:
        """Return the same plan again, without asking the cloud."""
        refreshed = parse_state(self.refreshed.encode(), name="saved plan")

        def read(address: Address, before: Attributes) -> Attributes | None:
            del before
            return refreshed.instances.get(address)

        def look(kind: str, name: str, wanted: Attributes) -> Attributes:
            del wanted
            return refreshed.data[kind, name]

        return make_plan(self.configuration(), self.state(), read=read, look=look)

    def state(self) -> State:
        return parse_state(self.base.encode(), name="saved plan")
