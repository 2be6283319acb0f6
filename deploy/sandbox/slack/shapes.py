"""How the world's things look on the wire, as Slack writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.sandbox.slack.forms import Form
    from deploy.sandbox.slack.messages import Message
    from deploy.sandbox.slack.workspace import Channel, Json, Person, Workspace


def message_shape(
    message: Message, workspace: Workspace, *, with_metadata: bool = True
) -> Json:
    """A message as `chat.postMessage` answers it, without what its thread adds."""
    shape: Json = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": workspace.team_id,
    }
    if message.user == workspace.app.bot_user:
        shape |= {
            "bot_id": workspace.app.bot_id,
            "app_id": workspace.app.id,
            "bot_profile": _bot_profile(workspace),
        }
    if message.blocks:
        shape["blocks"] = list(message.blocks)
    if message.attachments:
        shape["attachments"] = list(message.attachments)
    if message.metadata and with_metadata:
        shape["metadata"] = message.metadata
    if message.is_reply:
        shape["thread_ts"] = message.thread_ts
    if message.edited:
        shape["edited"] = {"user": message.user, "ts": message.edited}
    return shape


def history_shape(
    message: Message,
    replies: list[Message],
    workspace: Workspace,
    *,
    with_metadata: bool = True,
) -> Json:
    """A message as `conversations.history` lists it, with its thread's summary."""
    shape = message_shape(message, workspace, with_metadata=with_metadata)
    if replies and not message.is_reply:
        users = sorted({r.user for r in replies})
        shape |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
        }
    if message.broadcast:
        shape["subtype"] = "thread_broadcast"
    if message.reactions:
        shape["reactions"] = [
            {"name": r.name, "users": list(r.users), "count": len(r.users)}
            for r in message.reactions
        ]
    return shape


def page_shape(message: Message, replies: list[Message], workspace: Workspace) -> Json:
    """A message for the page: Slack's shape plus `ephemeral` and `reply_count`."""
    public = [r for r in replies if not r.ephemeral]
    return {
        **history_shape(message, public, workspace),
        "ephemeral": message.ephemeral,
        "reply_count": 0 if message.is_reply else len(public),
    }


def _bot_profile(workspace: Workspace) -> Json:
    return {
        "id": workspace.app.bot_id,
        "app_id": workspace.app.id,
        "user_id": workspace.app.bot_user,
        "name": workspace.app.name,
        "deleted": False,
        "team_id": workspace.team_id,
    }


def user_shape(person: Person, workspace: Workspace, *, deleted: bool) -> Json:
    """A person as `users.info` tells of them; no e-mail: the scope is not granted."""
    first, _, last = person.real_name.partition(" ")
    return {
        "id": person.id,
        "team_id": workspace.team_id,
        "name": person.name,
        "deleted": deleted,
        "color": person.color,
        "real_name": person.real_name,
        "tz": "Europe/Paris",
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": {
            "title": person.title,
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            "display_name": person.name,
            "display_name_normalized": person.name,
            "first_name": first,
            "last_name": last,
            "team": workspace.team_id,
        },
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": False,
        "is_app_user": False,
    }


def bot_shape(workspace: Workspace) -> Json:
    """The app's own user as `users.info` tells of it."""
    app = workspace.app
    return {
        "id": app.bot_user,
        "team_id": workspace.team_id,
        "name": app.name,
        "deleted": False,
        "real_name": app.name,
        "profile": {
            "real_name": app.name,
            "display_name": "",
            "api_app_id": app.id,
            "bot_id": app.bot_id,
            "team": workspace.team_id,
        },
        "is_bot": True,
        "is_app_user": False,
    }


def channel_shape(channel: Channel, workspace: Workspace, *, archived: bool) -> Json:
    """A channel as `conversations.info` tells of it."""
    if channel.is_im:
        human = next(m for m in channel.members if m != workspace.app.bot_user)
        return {"id": channel.id, "is_im": True, "is_archived": archived, "user": human}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_archived": archived,
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_member": workspace.app.bot_user in channel.members,
        "context_team_id": workspace.team_id,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def view_shape(form: Form, workspace: Workspace, state: Json | None = None) -> Json:
    """A view as Slack answers and delivers it; `state` is what a person filled in."""
    content = form.content
    return {
        "id": form.id,
        "team_id": workspace.team_id,
        "type": "modal",
        "blocks": form.blocks,
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "state": {"values": state or {}},
        "hash": form.hash,
        "title": content["title"],
        "clear_on_close": bool(content.get("clear_on_close", False)),
        "notify_on_close": bool(content.get("notify_on_close", False)),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "previous_view_id": form.previous or None,
        "root_view_id": form.root,
        "app_id": workspace.app.id,
        "external_id": form.external_id,
        "app_installed_team_id": workspace.team_id,
        "bot_id": workspace.app.bot_id,
    }


def person_shape(person: Person) -> Json:
    """A person for the page's switcher and author names."""
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "title": person.title,
        "initials": person.initials,
        "color": person.color,
        "organisation": person.organisation,
    }
