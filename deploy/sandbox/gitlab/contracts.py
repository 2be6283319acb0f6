"""
Holds every payload to the shapes that GitLab's clients publish, where those are found.

The schemas are handed in as a folder and may be absent: then `on` is False and the
stand-in says so at its start. Their types claim that some keys are never null though
GitLab sends null before the thing has happened (a running pipeline has no end); those
few are listed here, and nothing else is let through.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# GitLab's API documentation shows null for these (pipelines, jobs, merge requests,
# hooks); the published TypeScript types say otherwise.
_NULLABLE: Final = {
    "artifacts_expire_at",
    "assignee_id",
    "changes_count",
    "commit_id",
    "committed_at",
    "coverage",
    "disabled_until",
    "duration",
    "erased_at",
    "file_format",
    "finished_at",
    "human_time_change",
    "human_time_estimate",
    "human_total_time_spent",
    "last_edited_at",
    "last_edited_by_id",
    "line_code",
    "merge_commit_sha",
    "milestone_id",
    "name",
    "queued_duration",
    "runner",
    "started_at",
}
# Keys that GitLab leaves out in the ordinary case, or spells otherwise than the types.
_OPTIONAL: Final = {
    "artifacts_file",
    "assignees",
    "event_name",
    "failure_reason",
    "position",
    "projectId",
    "reviewers",
    "source_pipeline",
}
# The types say text; GitLab's own examples of note hooks show a number.
_NUMBER: Final = {"noteable_id"}
# Statuses that GitLab gained since (https://docs.gitlab.com/api/merge_requests/).
_NEW_STATUSES: Final = ["conflict", "need_rebase", "approvals_syncing", "locked_paths"]


class ContractError(AssertionError):
    """The stand-in was about to say what GitLab does not say."""


class Contracts:
    """Compiled schemas by name (`MR`, `WPipe`…)."""

    def __init__(self, folder: Path | None) -> None:
        self.on = folder is not None and folder.is_dir()
        self._schemas = _compiled(folder) if folder is not None and self.on else {}
        self.checked = 0

    def check(self, name: str, value: object) -> None:
        """Raise ContractError when `value` does not fit; do nothing when off."""
        if not self.on:
            return
        error = next(iter(self._schemas[name].iter_errors(value)), None)
        if error is not None:
            path = "/".join(str(part) for part in error.instance_path)
            raise ContractError(f"{name} at {path or 'top'}: {error.message}")
        self.checked += 1


@functools.cache
def _compiled(folder: Path) -> Mapping[str, jsonschema_rs.Validator]:
    """Return the folder's schemas, read once however many worlds there are."""
    return {
        file.stem: jsonschema_rs.validator_for(
            _relaxed(json.loads(file.read_text("utf-8")))
        )
        for file in sorted(folder.glob("*.json"))
    }


def _relaxed(node: Any) -> Any:  # noqa: ANN401 - a JSON schema is any JSON
    if isinstance(node, list):
        return [_relaxed(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _relaxed(value) for key, value in node.items()}
    properties = found.get("properties")
    if isinstance(properties, dict):
        for key in _NULLABLE & properties.keys():
            properties[key] = {"anyOf": [properties[key], {"type": "null"}]}
        for key in _NUMBER & properties.keys():
            properties[key] = {"anyOf": [properties[key], {"type": "integer"}]}
        required = found.get("required", [])
        found["required"] = [key for key in required if key not in _OPTIONAL]
        if "changes" in properties and "required" in properties["changes"]:
            # A hook names what changed, not everything that could have.
            properties["changes"]["required"] = []
    if "two_factor_enabled" in (properties or {}):
        # A job's user is the public profile; the types give the administrator's view.
        found["required"] = ["id", "username", "name", "state", "avatar_url", "web_url"]
    if "detailed_merge_status" in (properties or {}):
        status = found["properties"]["detailed_merge_status"]
        if "enum" in status:
            status["enum"] = [*status["enum"], *_NEW_STATUSES]
    return found
