"""How the pages look: one style sheet, drawn avatars; nothing is loaded from afar."""

from __future__ import annotations

import zlib
from html import escape
from typing import Final

_COLOURS: Final = ("#6e49cb", "#1f75cb", "#108548", "#9e5400", "#c24b38", "#525f7a")

SHEET: Final = """
:root { color-scheme: light dark; --line: #dcdcde; --soft: #f4f4f6; --ink: #28272d;
  --muted: #626168; --link: #1068bf; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #3a383f; --soft: #24222b;
  --ink: #ececef; --muted: #a4a3a8; --link: #63a6e9; --page: #18171d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center;
  padding: .6rem 1rem; background: var(--soft); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; text-decoration: none; color: #e24329; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem; }
a { color: var(--link); }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin-top: 2rem; border-bottom: 1px solid var(--line);
  padding-bottom: .3rem; }
h3 { font-size: .9rem; margin: 0; padding: .5rem .75rem; background: var(--soft);
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
small, .muted { color: var(--muted); font-weight: 400; }
code, pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { overflow-x: auto; margin: 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem;
  border: 1px solid var(--line); border-radius: 6px; }
.trace { background: #18171d; color: #ececef; padding: .9rem; border-radius: 6px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.trace.plain { white-space: pre; }
.file { border: 1px solid var(--line); border-radius: 6px; margin: .75rem 0;
  overflow: hidden; }
.diff span { display: block; min-width: max-content; padding: 0 .75rem; }
.diff .add { background: #10854826; } .diff .del { background: #dd2b0e26; }
.diff .hunk { color: var(--muted); background: var(--soft); }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
ul.list { list-style: none; padding: 0; }
ul.list li { padding: .5rem 0; border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
ul.files { columns: 20rem; padding-left: 1.2rem; overflow-wrap: anywhere; }
.avatar { width: 1.3rem; height: 1.3rem; border-radius: 50%; vertical-align: middle; }
.badge, .label { border-radius: 1rem; padding: .05rem .6rem; font-size: .8rem;
  background: var(--soft); border: 1px solid var(--line); white-space: nowrap; }
.badge.success, .badge.opened { background: #108548; color: #fff; border: 0; }
.badge.failed, .badge.closed { background: #c91c00; color: #fff; border: 0; }
.badge.running, .badge.merged { background: #1f75cb; color: #fff; border: 0; }
.standing { padding: .6rem .9rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--soft); }
"""


def avatar(initials: str) -> str:
    """Return a round picture with these letters; the colour follows from them."""
    colour = _COLOURS[zlib.crc32(initials.encode()) % len(_COLOURS)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
        f'<circle cx="20" cy="20" r="20" fill="{colour}"/>'
        '<text x="20" y="26" font-family="sans-serif" font-size="16" fill="#fff" '
        f'text-anchor="middle">{escape(initials)}</text></svg>'
    )
