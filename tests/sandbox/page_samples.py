"""Canned people, channels, messages and a modal: one of each thing the page draws."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def _person(key: str, name: str, title: str, organisation: str, color: str) -> Json:
    return {
        "id": f"U0{key.upper()}",
        "name": key,
        "real_name": name,
        "title": title,
        "initials": "".join(word[0] for word in name.split()),
        "color": color,
        "organisation": organisation,
    }


EVERYONE = [
    _person("alice", "Alice Martin", "Developer", "Acme", "2f6fde"),
    _person("carol", "Carol Petit", "Platform owner", "Acme", "8f3fb0"),
    _person("gina", "Gina Rossi", "Developer", "Globex", "c2571a"),
    _person("greg", "Greg Simon", "Platform owner", "Globex", "9a6a00"),
    _person("bob", "Bob Durand", "Engineer, on call", "Claranet", "1d7f5f"),
    _person("dave", "Dave Leroy", "Engineer", "Claranet", "0b7285"),
    _person("erin", "Erin Blanc", "Service manager", "Claranet", "b02a5b"),
    _person("mallory", "Mallory", "", "outsider", "5f5f6b"),
]
APP = {"id": "A0TANDEM", "name": "tandem", "bot_user": "U0TANDEM"}
_ACME = ["U0ALICE", "U0CAROL", "U0BOB", "U0DAVE", "U0ERIN", "U0MALLORY"]
CHANNELS = [
    ("C0ACMEOPS", "acme-ops", "Acme's production, run together", _ACME),
    ("C0GLOBEXOPS", "globex-ops", "Globex's production", ["U0GINA", "U0GREG", "U0BOB"]),
    ("C0ONCALL", "claranet-oncall", "On call", ["U0BOB", "U0DAVE", "U0ERIN"]),
    ("D0ALICE", "tandem", "", ["U0ALICE", "U0TANDEM"]),
]
COMMANDS = [
    {
        "command": "/infra",
        "usage_hint": "help | resize web-2 m5.large | backup db-prod | audit",
        "description": "Change and look after production, together",
    },
    {
        "command": "/invite",
        "usage_hint": "@person",
        "description": "Bring someone into the channel",
    },
]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(name: str, hint: str = "") -> Json:
    given: Json = {"text": plain(name), "value": name}
    return {**given, "description": plain(hint)} if hint else given


def button(label: str, action_id: str, **more: Any) -> Json:
    return {
        "type": "button",
        "text": plain(label),
        "action_id": action_id,
        "value": "op-7f3a",
        **more,
    }


CONFIRM = {
    "title": plain("Approve this resize?"),
    "text": mrkdwn(
        "*web-2* becomes `m5.large` in production. It restarts: about 2 minutes down."
    ),
    "confirm": plain("Approve"),
    "deny": plain("Not now"),
}
DIFF = (
    "```@@ environments/production/main.tf:41 @@\n"
    ' resource "aws_instance" "web_2" {\n'
    '-  instance_type = "t3.medium"\n'
    '+  instance_type = "m5.large"\n'
    '   tags = { Name = "web-2" }```'
)


def card() -> list[Json]:
    """A proposal such as the product posts."""
    return [
        {
            "type": "header",
            "block_id": "head",
            "text": plain(":gear: Resize web-2 to m5.large"),
        },
        {
            "type": "section",
            "block_id": "facts",
            "text": mrkdwn(
                "<@U0ALICE> asks for a change of *production*. "
                "<https://gitlab.example/acme/infra/-/merge_requests/7|!7> is ready."
            ),
            "accessory": {
                "type": "overflow",
                "action_id": "more",
                "options": [option("Show the whole plan"), option("Cancel this")],
            },
        },
        {
            "type": "section",
            "block_id": "fields",
            "fields": [
                mrkdwn("*Target*\nweb-2 (`i-0abc`)"),
                mrkdwn("*Who decides*\n<@U0BOB>, on call"),
                mrkdwn("*Risk*\n:large_yellow_circle: restart"),
                mrkdwn("*Expires*\n<!date^1795431600^{date_short} at {time}|later>"),
            ],
        },
        {"type": "section", "block_id": "diff", "text": mrkdwn(DIFF)},
        {
            "type": "actions",
            "block_id": "decide",
            "elements": [
                button("Approve", "approve", style="primary", confirm=CONFIRM),
                button("Deny", "deny", style="danger"),
                button("Plan", "plan", url="https://gitlab.example/plan"),
            ],
        },
        {
            "type": "context",
            "block_id": "digest",
            "elements": [
                {
                    "type": "image",
                    "image_url": "https://elsewhere.example/seal.png",
                    "alt_text": "seal",
                },
                mrkdwn("What was shown is what runs: `sha256:9f1c…`"),
            ],
        },
    ]


def _text(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def _section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


RICH: Json = {
    "type": "rich_text",
    "block_id": "rich",
    "elements": [
        _section(
            _text("Rich "),
            _text("bold", bold=True),
            _text(" and "),
            _text("code", code=True),
            _text(" for "),
            {"type": "user", "user_id": "U0BOB"},
            _text(" in "),
            {"type": "channel", "channel_id": "C0ACMEOPS"},
            _text(" "),
            {"type": "emoji", "name": "tada"},
            {"type": "link", "url": "https://example.com/", "text": " a link"},
        ),
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [_section(_text("first")), _section(_text("second"))],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "indent": 1,
            "elements": [_section(_text("inner"))],
        },
        {"type": "rich_text_quote", "elements": [_text("said before")]},
        {"type": "rich_text_preformatted", "elements": [_text("plain\npre")]},
    ],
}
SELECTS: Json = {
    "type": "actions",
    "block_id": "selects",
    "elements": [
        {
            "type": "static_select",
            "action_id": "one",
            "placeholder": plain("Pick a size"),
            "options": [option("t3.large", "2 vCPU"), option("m5.large", "2 vCPU")],
        },
        {
            "type": "external_select",
            "action_id": "ext",
            "placeholder": plain("Find a target"),
            "min_query_length": 1,
        },
        {
            "type": "users_select",
            "action_id": "who",
            "placeholder": plain("Pick a person"),
        },
        {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-24"},
        {"type": "timepicker", "action_id": "hour", "initial_time": "09:30"},
        {
            "type": "radio_buttons",
            "action_id": "radio",
            "options": [option("now"), option("tonight")],
        },
        {
            "type": "checkboxes",
            "action_id": "checks",
            "options": [option("notify", "tells the channel"), option("wait")],
        },
    ],
}
HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> "
    "<javascript:alert(1)|click me> <https://safe.example/?q=<b>|x> "
    "&lt;b&gt;not bold&lt;/b&gt; <https://ok.example/|<i>ok</i>> "
    "<data:text/html,hi|data> <vbscript:x|vb>"
)
MARKS = (
    "*bold* _italic_ ~gone~ `code *not bold*` <https://example.com/a|label> "
    "https://bare.example/x. <@U0CAROL> <#C0ACMEOPS> <!here> :rocket: :nope: "
    "snake_case_name 2*3*4 a &amp; b\n> quoted _line_\n```pre *raw* &lt;x&gt;```after"
)


def _acme(start: float) -> list[Json]:
    def ts(after: float) -> str:
        return f"{start + after:.6f}"

    def bot(after: float, **more: Any) -> Json:
        return {"ts": ts(after), "user": "U0TANDEM", "bot_id": "B0TANDEM", **more}

    parent = ts(600)
    return [
        {"ts": ts(-90000), "user": "U0CAROL", "text": "web-2 is slow since noon."},
        {"ts": ts(0), "user": "U0ALICE", "text": "Looking. It is the memory."},
        {"ts": ts(30), "user": "U0ALICE", "text": "I will ask for a bigger one."},
        {"ts": ts(60), "user": "U0MALLORY", "text": HOSTILE},
        {"ts": ts(90), "user": "U0CAROL", "text": MARKS, "edited": {"ts": ts(95)}},
        bot(120, text="rich", blocks=[RICH, {"type": "divider", "block_id": "d"}]),
        bot(
            130,
            text="selects",
            blocks=[
                SELECTS,
                {
                    "type": "image",
                    "block_id": "pic",
                    "image_url": "https://elsewhere.example/graph.png",
                    "alt_text": "A graph of memory",
                    "title": plain("Memory"),
                },
                {"type": "video", "block_id": "vid", "title": "<b>x</b>"},
                {
                    "type": "input",
                    "block_id": "why",
                    "label": plain("Reason"),
                    "hint": plain("Everyone here will read it"),
                    "element": {"type": "plain_text_input", "action_id": "why"},
                },
                {
                    "type": "table",
                    "block_id": "table",
                    "rows": [
                        [{"type": "raw_text", "text": "Name"}],
                        [{"type": "raw_text", "text": "<i>web-2</i>"}],
                    ],
                },
            ],
            attachments=[{"color": "#2eb67d", "text": "*attached*", "footer": "foot"}],
        ),
        bot(
            400,
            ephemeral=True,
            text="You cannot approve your own request: ask <@U0BOB>.",
        ),
        bot(600, text="Resize web-2", blocks=card(), reply_count=2, thread_ts=parent),
        bot(610, text=":hourglass: The plan is ready.", thread_ts=parent),
        {"ts": ts(620), "user": "U0BOB", "text": "Reading it.", "thread_ts": parent},
    ]


def messages(channel: str, start: float) -> list[Json]:
    """What a channel holds at first."""
    if channel == "C0ACMEOPS":
        return _acme(start)
    return [
        {"ts": f"{start + n:.6f}", "user": "U0DAVE", "text": f"line {n}"}
        for n in range(3)
    ]


MODAL: Json = {
    "id": "V0REASON",
    "type": "modal",
    "title": plain("Deny the resize"),
    "submit": plain("Deny"),
    "close": plain("Back"),
    "blocks": [
        {
            "type": "section",
            "block_id": "intro",
            "text": mrkdwn("*Alice* will read your words."),
        },
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "hint": plain("One sentence is enough"),
            "element": {
                "type": "plain_text_input",
                "action_id": "text",
                "multiline": True,
                "min_length": 5,
                "max_length": 300,
                "placeholder": plain("Why not?"),
            },
        },
        {
            "type": "input",
            "block_id": "size",
            "label": plain("Instead"),
            "optional": True,
            "element": {
                "type": "multi_static_select",
                "action_id": "sizes",
                "placeholder": plain("Other sizes"),
                "options": [option("t3.large"), option("m5.large"), option("r5.large")],
            },
        },
    ],
}
