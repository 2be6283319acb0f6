"""One announcement passes the fence, and only while the operation runs."""

from __future__ import annotations

import pytest

from bot.domain.operation import Progress, State
from bot.domain.writes import Overtaken
from bot.flow.carrying.fence import not_announced_yet
from tests.domain import core_samples as core


def standing(state, *, announced=False):
    return core.proposed().model_copy(
        update={"state": state, "progress": Progress(announced=announced)}
    )


def test_what_runs_and_was_not_announced_passes():
    not_announced_yet(standing(State.RUNNING))


@pytest.mark.parametrize("announced", [False, True])
@pytest.mark.parametrize("state", State)
def test_nothing_else_passes(state, announced):
    if state is State.RUNNING and not announced:
        return

    words = f"^operation {core.ID} was carried on by another worker$"
    with pytest.raises(Overtaken, match=words):
        not_announced_yet(standing(state, announced=announced))
