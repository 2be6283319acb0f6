"""Addresses of resources in the root module: `aws_instance.web["web-2"]`."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Address:
    """One instance of a resource; `key` is empty where there is no `for_each`."""

    kind: str
    name: str
    key: str = ""

    def __str__(self) -> str:
        plain = f"{self.kind}.{self.name}"
        return (
            f"{plain}[{json.dumps(self.key, ensure_ascii=False)}]"
            if self.key
            else plain
        )
