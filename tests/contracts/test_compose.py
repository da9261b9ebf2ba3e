"""The rules that docker-compose.yml keeps: no default password, one published port, everything waits on health.

`make compose-test` brings it up on a real engine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from socket import gethostname

import pytest
import yaml

from services.database.engine import Database
from services.settings import Settings
from services.workers import Worker, heartbeat

ROOT = Path(__file__).parents[2]
SERVICES = {"database", "broker", "migrate", "api", "worker", "worker-gpu"}
LASTING = sorted(SERVICES - {"migrate"})


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_the_parts(compose: dict) -> None:
    assert set(compose["services"]) == SERVICES


def test_only_the_api_publishes_a_port_and_on_loopback_alone(compose: dict) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(published) == {"api"}
    assert all(port.startswith("127.0.0.1:") for port in published["api"])
    assert not any("network_mode" in service for service in compose["services"].values())


def test_all_but_the_api_are_on_an_internal_network(compose: dict) -> None:
    assert compose["networks"]["inner"]["internal"] is True
    outside = {name for name, service in compose["services"].items() if service["networks"] != ["inner"]}
    assert outside == {"api"}


def test_secrets_have_no_default(compose: dict) -> None:
    api, database = compose["services"]["api"], compose["services"]["database"]
    assert api["environment"]["LTD_TOKEN"].startswith("${LTD_TOKEN:?")
    assert database["environment"]["POSTGRES_PASSWORD"].startswith("${LTD_DB_PASSWORD:?")
    for name in ("migrate", "api", "worker", "worker-gpu"):
        assert ":${LTD_DB_PASSWORD:?" in compose["services"][name]["environment"]["LTD_DATABASE_URL"]


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_part_has_a_health_check_and_comes_back(compose: dict, name: str) -> None:
    assert compose["services"][name]["healthcheck"]["test"]
    assert compose["services"][name]["restart"] == "unless-stopped"


def test_parts_wait_for_health_and_for_the_migration(compose: dict) -> None:
    assert compose["services"]["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("api", "worker", "worker-gpu"):
        assert compose["services"][name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "broker": {"condition": "service_healthy"},
        }


def test_data_live_in_named_volumes(compose: dict) -> None:
    names = ("database", "broker", "worker")
    used = {compose["services"][name]["volumes"][0].partition(":")[0] for name in names}
    assert used == set(compose["volumes"]) - {"texts"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_part_has_the_least_rights_and_bounded_logs(compose: dict, name: str) -> None:
    service = compose["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges=true"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    if name not in {"database", "broker"}:
        assert service["read_only"] is True
        assert "cap_add" not in service
    if name != "migrate":
        assert "mem_limit" in service


def test_every_image_is_built_once(compose: dict) -> None:
    built = [service["image"] for service in compose["services"].values() if "build" in service]
    assert sorted(built) == ["ltd-lab-server", "ltd-lab-worker"]


def test_what_an_operator_decides_for_workers_is_passed_on(compose: dict) -> None:
    for name in ("worker", "worker-gpu"):
        assert {"LTD_WORKERS", "LTD_LANES", "LTD_TEXTS"} <= set(compose["services"][name]["environment"])
    assert "LTD_TEXTS" in compose["services"]["api"]["environment"]


def test_the_gpu_worker_is_optional_and_reserves_a_gpu(compose: dict) -> None:
    gpu = compose["services"]["worker-gpu"]
    assert gpu["profiles"] == ["gpu"]
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert device["capabilities"] == ["gpu"]
    assert device["count"] == "all"
    assert {name for name, service in compose["services"].items() if "profiles" in service} == {"worker-gpu"}


def in_container(settings: Settings, command: list[str]) -> int:
    """Run a command of the file as its container would, with this Python."""
    assert command[0] == "python"
    environment = os.environ | {"LTD_DATABASE_URL": settings.database_url}
    return subprocess.run([sys.executable, *command[1:]], env=environment, check=False).returncode


def test_the_migration_and_the_check_of_a_worker_do_what_they_say(compose: dict, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert in_container(settings, compose["services"]["migrate"]["command"]) == 0
    check = compose["services"]["worker"]["healthcheck"]["test"][1:]
    assert in_container(settings, check) == 1
    db = Database(settings.database_url)
    heartbeat(db, Worker("w", gethostname(), 1, "cpu", 1, 0.0), [])
    db.dispose()
    assert in_container(settings, check) == 0
