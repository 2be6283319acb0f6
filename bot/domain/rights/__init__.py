"""
Who may do what, as the operator wrote it down: Cedar policies, read and asked.

Pure: texts come in as values, an answer goes out with the rule that gave it. The rules
that no policy can relax are not here, they are code in `bot.domain.policy`.
https://docs.cedarpolicy.com
"""

from bot.domain.rights.asked import Action, Actor, Asked, Thing
from bot.domain.rights.flaws import Flaw, Known, flaws
from bot.domain.rights.judge import Ruling, judge
from bot.domain.rights.recall import answered
from bot.domain.rights.rules import Rule, Rules
from bot.domain.rights.source import Policies, PolicyFile

__all__ = [
    "Action",
    "Actor",
    "Asked",
    "Flaw",
    "Known",
    "Policies",
    "PolicyFile",
    "Rule",
    "Rules",
    "Ruling",
    "Thing",
    "answered",
    "flaws",
    "judge",
]
