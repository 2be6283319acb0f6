"""
The Slack app as this build needs it: one slash command, buttons, modals, few scopes.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from typing import Any, Final

# What each scope is for: nothing here reads what people write to one another.
SCOPES: Final = {
    "commands": "take /infra",
    "chat:write": "post cards, threads and whispers where it was invited",
    "channels:history": "find its own post again after a lost answer",
    "groups:history": "the same, in private channels",
    "im:write": "remind by direct message who is to decide",
    "im:history": "find its own direct message again",
    "usergroups:read": "see who is on call, where the rota is a user group",
}


def manifest(url: str) -> dict[str, Any]:
    """Return the manifest of an app whose requests go to `url` (https)."""
    events = f"{url.rstrip('/')}/slack/events"
    return {
        "display_information": {
            "name": "Tandem",
            "description": "Provider and clients run production together.",
            "background_color": "#1f2937",
        },
        "features": {
            "bot_user": {"display_name": "tandem", "always_online": True},
            "slash_commands": [
                {
                    "command": "/infra",
                    "url": events,
                    "description": "Change production, with review",
                    "usage_hint": (
                        "help | <command> <target> … | status <id> | audit | link"
                    ),
                    # People and channels arrive as ids; names would be guesses.
                    "should_escape": True,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True, "request_url": events},
            "org_deploy_enabled": False,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }
