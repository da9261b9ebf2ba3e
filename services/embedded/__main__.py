"""Starts the laboratory on this machine and stays until it is told to end. Prints one JSON line an event."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from ltd_core.errors import LtdError
from ltd_core.faults import invalid
from services.embedded.child import StackFailed
from services.embedded.home import Home
from services.embedded.stack import Stack, Stopped, listen, reachable
from services.migrate import migrate
from services.settings import Settings

OTHER_SECONDS = 60.0  # how long to wait for another stack that starts or ends in the same folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stack; return the exit status."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = read_settings(arguments)
        home = Home(settings.home.absolute())
        home.prepare()
        held = home.lock_or_url(OTHER_SECONDS)
        if isinstance(held, str):
            say(event="running", url=held)
        elif held is None:
            raise StackFailed(f"another stack holds {home.path} and neither answers nor ends")
        else:
            run(settings, home, held, stop)
    except LtdError as error:
        say(event="failed", message=str(error))
        return 1
    return 0


def read_settings(arguments: Sequence[str] | None) -> Settings:
    """Return the settings of the environment, with those of the command line over them."""
    parser = argparse.ArgumentParser(prog="python -m services.embedded", description=__doc__)
    parser.add_argument("--home", type=Path, help="folder of the database, the logs and the sockets")
    parser.add_argument(
        "--port", type=int, help="port of the API, which must be free; any when 0; by default the first free one"
    )
    parser.add_argument("--workers", type=int, help="worker processes; one per core when 0")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        read = {str(name): one["input"] for one in error.errors() for name in one["loc"][:1]}  # the environment's too
        problems = invalid(Settings, read, error).problems
        raise StackFailed("; ".join(f"{p.field}: {p.message}".removeprefix(": ") for p in problems)) from error


def run(settings: Settings, home: Home, lock: int, stop: threading.Event) -> None:
    """Start the parts, say so, watch them until `stop` is set, end them."""
    home.turn_logs()
    listener = listen(settings.host, settings.port, asked="port" in settings.model_fields_set)
    port = listener.getsockname()[1]
    if settings.port not in {0, port}:
        sys.stderr.write(f"port {settings.port} is taken by another program: this laboratory uses {port}\n")
    migrate(settings)
    environment = settings.model_copy(update={"port": port, "home": home.path}).environment()
    stack = Stack(home, lock, environment, stop)
    try:
        if settings.broker_url == home.broker_url:  # else it is the user's own
            stack.start_broker()
        stack.start_workers()
        stack.start_api(listener)
        host = reachable(settings.host)
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        home.write_record(url)
        say(event="ready", url=url, pid=os.getpid(), home=str(home.path))
        watch(stack)
    except Stopped:
        pass
    finally:
        home.record.unlink(missing_ok=True)
        stack.end()


def watch(stack: Stack) -> None:
    """Keep the parts up; say why that ended on standard error too, for who has read `ready` reads no further event."""
    try:
        stack.watch()
    except StackFailed as error:
        sys.stderr.write(f"{error}\n")
        raise


def say(**event: object) -> None:
    """Print one JSON line."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
