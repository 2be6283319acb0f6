"""The base of every value that crosses a module boundary or is stored."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: immutable, with no field that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")
