import pytest

from services.settings import Settings
from worker.cores import usable_cores
from worker.device import device_for, gpus, processes

without_gpu = pytest.mark.skipif(gpus() > 0, reason="this machine has a GPU")


@without_gpu
def test_auto_is_the_cpu_where_there_is_no_gpu() -> None:
    assert device_for("auto", 0) == "cpu"
    assert device_for("auto", 3) == "cpu"


@pytest.mark.skipif(gpus() == 0, reason="needs a GPU")
def test_auto_gives_each_process_a_gpu() -> None:
    assert [device_for("auto", i) for i in range(gpus() + 1)] == [f"cuda:{i % gpus()}" for i in range(gpus() + 1)]


def test_a_named_device_is_taken_as_it_is() -> None:
    assert device_for("cpu", 1) == "cpu"


def test_as_many_processes_as_set() -> None:
    assert processes(Settings(workers=3)) == 3


def test_a_process_for_each_core_that_may_be_used() -> None:
    assert processes(Settings(workers=0, device="cpu")) == usable_cores()
