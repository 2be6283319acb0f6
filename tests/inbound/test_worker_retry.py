"""When the worker tries a job again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from procrastinate.jobs import Job

from bot.inbound.worker import _Again, _AgainError
from bot.outbound import clock


def seconds(attempts, *, broken):
    """Return after how many seconds a job of so many attempts is tried again."""
    job = Job(
        id=1,
        status="doing",
        queue="flow",
        lock=None,
        queueing_lock=None,
        task_name="execute",
        attempts=attempts,
    )
    began = clock.now()
    found = _Again().get_retry_decision(exception=_AgainError(broken=broken), job=job)
    return round((found.retry_at - began) / timedelta(seconds=1))


@pytest.mark.parametrize(("attempts", "wait"), [(0, 1), (5, 6), (14, 15), (900, 15)])
def test_what_may_pass_is_tried_again_soon(attempts, wait):
    assert seconds(attempts, broken=False) == wait


@pytest.mark.parametrize(
    ("attempts", "wait"), [(0, 2), (3, 16), (5, 60), (900, 60), (10**6, 60)]
)
def test_a_fault_of_ours_is_tried_more_and_more_seldom(attempts, wait):
    assert seconds(attempts, broken=True) == wait


def test_what_the_worker_did_not_ask_for_is_not_tried_again():
    assert _Again().get_retry_decision(exception=ValueError(), job=None) is None
