"""A server as a process: where it listens, what it prints, how it ends, and clients that lie on a socket."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from podium.cli import main
from podium.errors import PodiumError, UsageError
from podium.serve import ServeOptions, Started, run_server
from podium.serve.server import open_socket
from tiny.served import Child, Exported, served

pytestmark = pytest.mark.long
HELD = (
    "import os, time\nfrom podium.deployed import DeployedModel as M\nanswer = M.answer\n"
    "def held(self, pixels, **more):\n    while os.path.exists({hold!r}):\n        time.sleep(0.02)\n"
    "    return answer(self, pixels, **more)\nM.answer = held\n"
)
"""A model that does not answer while there is a file."""
QUICK_HEAD = "import podium.serve.protocol as p\np.HEAD_S = 0.5\n"
NO_TORCH = (
    "import atexit, sys\natexit.register(lambda: sys.stderr.write("
    "'loaded: ' + ' '.join(sorted({'torch', 'timm', 'onnx', 'sklearn', 'pandas'} & set(sys.modules)))))\n"
)


@pytest.fixture(scope="module")
def single(exported: Callable[[str], Exported]) -> Exported:
    return exported("single")


@pytest.fixture(scope="module")
def child(single: Exported) -> Iterator[Child]:
    options = ("--deadline-s", "4", "--max-body-mib", "0.125", "--decode-workers", "1")
    with served(single.folder, *options, prelude=QUICK_HEAD) as found:
        yield found


def talk(child: Child, data: bytes, *, pause_s: float = 0.0, timeout_s: float = 20.0) -> bytes:
    """What the server says to these bytes, until it closes or says nothing for a while."""
    host, port = child.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=timeout_s) as line:
        if pause_s:
            for letter in data:
                line.sendall(bytes([letter]))
                time.sleep(pause_s)
        else:
            line.sendall(data)
        found = b""
        try:
            while piece := line.recv(65536):
                found += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return found


HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


def test_it_says_where_it_is_and_answers(child: Child, single: Exported) -> None:
    assert child.record["token"] is None
    assert child.record["classes"] == {"mask": ["worn", "none"]}
    found = httpx.post(f"{child.address}/predict", content=single.images[0].read_bytes()).json()
    assert found["model_id"] == child.record["model_id"]
    wanted = next(iter(single.load().predict(single.images[:1])))
    assert found["images"][0]["probs"] == wanted["probs"]


def test_bodies_that_lie_about_their_length(child: Child, single: Exported) -> None:
    data = single.images[0].read_bytes()
    piece = b"8000\r\n" + bytes(0x8000) + b"\r\n"
    assert b" 413 " in talk(child, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + 5 * piece)
    assert b" 413 " in talk(child, HEAD + b"Content-Length: 999999999999\r\n\r\n")
    waits = b"Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"
    answer = talk(child, HEAD + waits)
    assert b" 413 " in answer
    assert b" 100 " not in answer
    short = talk(child, HEAD + b"Content-Length: 5000\r\n\r\n" + data[:100])  # the rest never comes
    assert b" 408 " in short
    both = HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    assert b" 200 " not in talk(child, both)
    more = HEAD + b"Content-Length: 3\r\nConnection: close\r\n\r\n" + data
    assert b" 422 " in talk(child, more)
    assert httpx.post(f"{child.address}/predict", content=data).status_code == 200


def test_a_head_that_never_ends_is_hung_up_on(child: Child) -> None:
    started = time.monotonic()
    assert talk(child, b"GET / HTTP/1.1\r\nX: ") == b""
    assert talk(child, b"") == b""
    assert talk(child, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT").count(b"HTTP/1.1") == 1
    assert time.monotonic() - started < 60, "and not the 75 seconds of an idle connection"
    assert b" 400 " in talk(child, b"\x16\x03\x01 hello\r\n\r\n")
    assert b" 4" in talk(child, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + bytes(100_000).replace(b"\0", b"a"))


def test_what_was_let_in_is_answered_and_nothing_more(single: Exported, tmp_path: Path) -> None:
    data, hold = single.images[0].read_bytes(), tmp_path / "hold"
    prelude = HELD.format(hold=str(hold)) + NO_TORCH
    with served(single.folder, "--deadline-s", "300", "--decode-workers", "1", prelude=prelude) as child:
        hold.touch()
        answers: list[int] = []

        def ask() -> None:
            answers.append(httpx.post(f"{child.address}/predict", content=data, timeout=60).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        client = httpx.Client(base_url=child.address)
        while "podium_images_inside 1.0" not in client.get("/metrics").text:
            time.sleep(0.02)
        child.process.send_signal(signal.SIGTERM)
        codes = []
        while (answer := client.get("/readyz")).status_code == 200:
            time.sleep(0.01)
        codes.append(answer.status_code)
        refused = client.post("/predict", content=data)
        assert (codes, refused.status_code) == ([503], 503)
        assert int(refused.headers["retry-after"]) >= 1
        assert child.process.poll() is None
        hold.unlink()
        asking.join()
        assert answers == [200]
        assert child.process.wait(30) == 0
        assert child.process.stderr is not None
        assert child.process.stderr.read() == "loaded: "
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{child.address}/healthz")


def test_ctrl_c_is_a_good_end_too_and_leaves_no_worker(single: Exported) -> None:
    with served(single.folder, "--decode-workers", "2") as child:
        found = subprocess.run(["ps", "--ppid", str(child.process.pid), "-o", "pid="], capture_output=True, text=True)
        workers = found.stdout.split()
        assert len(workers) == 2
        assert child.stop(signal.SIGINT) == 0
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def test_another_machine_needs_the_token(single: Exported, tmp_path: Path) -> None:
    data = single.images[0].read_bytes()
    with served(single.folder, "--host", "0.0.0.0", "--decode-workers", "1") as child:
        token, address = child.record["token"], child.address.replace("0.0.0.0", "127.0.0.1")
        assert len(token) >= 32
        assert httpx.post(f"{address}/predict", content=data).status_code == 401
        right = {"authorization": f"Bearer {token}"}
        assert httpx.post(f"{address}/predict", content=data, headers=right).status_code == 200
        assert httpx.get(f"{address}/healthz").status_code == 200


def test_what_cannot_be_served_is_one_line(
    child: Child, single: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = child.address.rsplit(":", 1)[1]
    (tmp_path / "token").write_text("short\n")
    missing = str(tmp_path / "none")
    for arguments, code, words in (
        ([str(single.folder), "--port", port], 2, "in use"),
        ([str(single.folder), "--port", "70000"], 2, "0 to 65535"),
        ([str(single.folder), "--host", "203.0.113.9"], 2, "--host"),
        ([str(single.folder), "--token-file", str(tmp_path / "token")], 2, "at least 16"),
        ([str(single.folder), "--token-file", missing], 1, "no such file"),
        ([missing], 2, "no exported model"),
        ([str(single.folder), "--engine", "tensorrt"], 2, "tensorrt"),
    ):
        assert main(["serve", *arguments]) == code
        said = capsys.readouterr().err
        assert words in said, said
        assert "Traceback" not in said
    assert main(["serve", str(single.folder), "--port", port, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["field"] == "--port"


def test_a_model_that_fails_ends_the_server(single: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    model = single.load()
    monkeypatch.setattr(model, "warm_up", lambda: 1 / 0)
    told: list[Started] = []
    with pytest.raises(PodiumError, match="cannot be asked: division by zero"):
        run_server(model, ServeOptions(port=0, decode_workers=1), announce=told.append, log=lambda line: None)
    assert not told


def test_a_port_is_taken_once() -> None:
    with open_socket(ServeOptions(port=0)) as door:
        port = door.getsockname()[1]
        assert door.proto == socket.IPPROTO_TCP  # else asyncio leaves Nagle's algorithm on
        with pytest.raises(UsageError, match=f"127.0.0.1:{port} cannot be listened on") as refused:
            open_socket(ServeOptions(port=port))
        assert refused.value.field == "port"
