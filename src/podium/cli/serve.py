"""podium serve."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from podium.cli.choices import Engine
from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, RUN, Many, ResultFlags, Switch
from podium.printable import printable

if TYPE_CHECKING:
    from podium.serve import ServeOptions, Started

__all__ = ["serve"]

SERVER = Group("Server", sort_key=1)


@Parameter(name="*", group=SERVER)
@dataclass(frozen=True)
class DoorFlags:
    """Where the server listens, and whom it answers.

    Args:
        host: Address to listen on. Any but that of this machine alone needs a token.
        port: Port; 0 takes a free one.
        token_file: File with the token that requests carry as "Authorization: Bearer TOKEN", one word of at least 16
            characters.
        make_token: Ask for a token on this machine too. Without --token-file it is made, and printed once.
        allow_host: Further names in the Host header that are answered, such as models.example.org.
        allow_origin: Origins of web pages that may ask, such as https://example.org.
        log_requests: Write a line a request to standard error.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token_file: Path | None = None
    make_token: Switch = False
    allow_host: Annotated[tuple[str, ...], Many] = ()
    allow_origin: Annotated[tuple[str, ...], Many] = ()
    log_requests: Switch = False


@Parameter(name="*", group=SERVER)
@dataclass(frozen=True)
class LimitFlags:
    """What a request may ask for.

    Args:
        deadline_s: Seconds from a request to its answer. What cannot be answered by then is refused at once.
        queue: Images inside at most; a request beyond is refused.
        max_images: Images of a request.
        max_body_mib: Size of a request in MiB.
        max_pixels: Width times height that an image may declare.
        batch_size: Images that the model computes together at most.
        batch_wait_ms: Milliseconds that an image waits for others.
    """

    deadline_s: float = 10.0
    queue: int = 256
    max_images: int = 64
    max_body_mib: float = 32.0
    max_pixels: int = 64_000_000
    batch_size: int = 32
    batch_wait_ms: float = 2.0


@Parameter(name="*", group=MACHINE)
@dataclass(frozen=True)
class EngineFlags:
    """Who computes, and decodes.

    Args:
        engine: What computes: onnxruntime, openvino, or auto for the faster one that is installed.
        threads: Threads of the engine (default: its own choice).
        decode_workers: Processes that decode (default: as many as there are cores).
        decode_mib: Memory in MiB that one image may take while it is decoded.
    """

    engine: Engine = "auto"
    threads: int = 0
    decode_workers: int | None = None
    decode_mib: int = 2048


def serve(
    deployed: Annotated[Path, Parameter(group=RUN)],
    *,
    door: DoorFlags = DoorFlags(),
    limits: LimitFlags = LimitFlags(),
    engine: EngineFlags = EngineFlags(),
    output: ResultFlags = ResultFlags(),  # noqa: B008
) -> int:
    """Answer over HTTP from a folder that podium export wrote: POST /predict takes an image, or a form with several.

    SIGTERM and Ctrl-C let nothing in any more, answer what is inside, and end with exit code 0.

    Example: podium serve deployed

    Args:
        deployed: A folder that podium export wrote.
    """
    from podium.machine.extras import import_extra

    for module in ("fastapi", "uvicorn", "python_multipart", "prometheus_client"):
        import_extra(module, "serve")
    from podium.deployed import load_model
    from podium.serve import run_server

    options = _as_options(door, limits, engine)
    model = load_model(deployed, engine=options.engine, threads=options.threads)
    run_server(
        model,
        options,
        announce=lambda started: _announce(started, as_json=output.json),
        log=_log,
        log_requests=_log if door.log_requests else None,
    )
    return 0


def _as_options(*flags: DoorFlags | LimitFlags | EngineFlags) -> ServeOptions:
    from podium.serve import ServeOptions

    given = {item.name: getattr(some, item.name) for some in flags for item in fields(some)}
    del given["log_requests"]
    return ServeOptions(**given)


def _announce(started: Started, *, as_json: bool) -> None:
    model, token = started.model, started.token if started.is_made else None
    if as_json:
        record = {
            "address": started.address,
            "model_id": model.model_id,
            "engine": model.engine,
            "classes": {head.name: list(head.classes) for head in model.task.targets},
            "token": token,
            "pid": os.getpid(),
        }
        print_json(record, indent=None)
    else:
        secret = "" if started.token is None else f" -H 'Authorization: Bearer {token or '$TOKEN'}'"
        print_lines(
            f"serving  {started.address}, model {model.model_id[:12]}, {model.engine}",
            *([f"token    {token}"] if token else []),
            f"try      curl{secret} --data-binary @photo.jpg {started.address}/predict",
            "stop     Ctrl-C, or SIGTERM",
        )
    sys.stdout.flush()


def _log(line: str) -> None:
    sys.stderr.write(printable(line) + "\n")
