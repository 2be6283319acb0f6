"""What every edit of a value in JSON must keep to, judged from the outside."""

from __future__ import annotations

import json

from bot.domain.errors import Refused


def changes_only_the_value(changed, parts, value, *, read=lambda told: told):
    """Edit the middle one of three parts; `read` is what Terraform makes of a text."""
    before, old, after = (one.encode() for one in parts)
    try:
        found = changed(before + old + after, value)
    except Refused as refused:
        key = refused.message.key.removeprefix("refused.terraform-")
        assert key in {"already", "value"}
        return
    assert found.after.startswith(before)
    assert found.after.endswith(after)
    written = found.after[len(before) : len(found.after) - len(after)]
    assert written.decode().isprintable()
    told = json.loads(written)
    assert (read(told) if isinstance(value, str) else told) == value
    assert changed(found.after, "something else").old_value == value
