"""The task on the wire, and what it does."""

from __future__ import annotations

import pytest

from services import queue
from tests.support.lab import Lab, small
from worker import process, tasks
from worker.app import app
from worker.supervisor import StopProcesses


def test_the_task_has_the_name_that_producers_of_every_release_send() -> None:
    assert tasks.look_again.name == queue.TASK == "ltd.drain"
    assert app.tasks["ltd.drain"].ignore_result


def test_a_worker_that_loads_the_tasks_can_stop_its_processes() -> None:
    assert StopProcesses in app.steps["worker"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_hint_has_every_queued_run_trained(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = lab.submit(small(0), small(1, batch_size=2), hint=False)
    settings = lab.settings.model_copy(update={"lanes": 2, "device": "cpu"})
    monkeypatch.setattr(process, "started", [process.Process(settings, 0)])
    tasks.look_again()
    assert [lab.run(run_id).state for run_id in ids] == ["succeeded"] * 2
