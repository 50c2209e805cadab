"""Jobs off the event loop: one at a time, in order, loud when they fail, and finished before the end."""

import asyncio
import threading

import pytest

from node.host.worker import ThreadWorker, ask, no_answer
from tests.support.workers import InlineWorker


@pytest.fixture
async def failures():
    return []


@pytest.fixture
async def worker(failures):
    made = ThreadWorker("worker", asyncio.get_running_loop(), failures.append)
    made.start()
    yield made
    made.close()


async def test_jobs_run_in_order_on_one_thread_and_answer_on_the_loop(worker):
    ran, answered = [], []
    for number in range(5):
        worker.submit(
            lambda number=number: ran.append((number, threading.current_thread().name)), answered.append
        )
    await ask(worker, lambda: None)
    assert ran == [(number, "worker") for number in range(5)]
    assert answered == [None] * 5


async def test_what_nobody_waits_for_wakes_nobody(worker, monkeypatch):
    handed = []
    monkeypatch.setattr(worker, "_hand_back", handed.append)
    ran = threading.Event()
    worker.submit(ran.set, no_answer)
    worker.close()
    assert (ran.is_set(), handed) == (True, [])


async def test_a_job_that_raises_ends_the_worker_and_is_told(worker, failures):
    told = asyncio.Event()
    worker._on_failure = lambda error: (failures.append(error), told.set())
    ran = []
    worker.submit(lambda: 1 // 0, ran.append)
    worker.submit(lambda: 2, ran.append)
    await told.wait()
    assert [type(error) for error in failures] == [ZeroDivisionError]
    worker.close()
    assert ran == []
    assert worker.waiting >= 1


async def test_closing_finishes_what_was_given(worker):
    ran = []
    for number in range(100):
        worker.submit(lambda number=number: ran.append(number), no_answer)
    worker.close()
    assert ran == list(range(100))


def test_results_for_a_closed_loop_are_dropped():
    loop = asyncio.new_event_loop()
    worker = ThreadWorker("worker", loop, pytest.fail)
    worker.start()
    loop.close()
    worker.submit(lambda: 1, pytest.fail)
    worker.close()


def test_the_inline_worker_answers_later():
    later, answered = [], []
    worker = InlineWorker(later.append)
    worker.submit(lambda: 7, answered.append)
    worker.submit(lambda: 8, no_answer)
    assert answered == []
    for call in later:
        call()
    assert answered == [7]
