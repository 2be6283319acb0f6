"""Plans as Terraform writes them, for the tests of plan reading."""

import json

STORED = ["data-nothing", "data-resize", "data-mixed", "aws-resize", "aws-replace"]


def entry(**change):
    """Return a resource change as Terraform writes it."""
    return {
        "address": "a.b",
        "mode": "managed",
        "type": "a",
        "name": "b",
        "change": {"actions": ["update"], "before": {}, "after": {}, **change},
    }


def plan(*entries, **more):
    """Return the bytes of a plan with these resource changes."""
    whole = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_changes": list(entries),
        **more,
    }
    return json.dumps(whole).encode()
