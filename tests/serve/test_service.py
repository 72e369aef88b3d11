"""E5: a service answers what the model answers, refuses what it should, and keeps its deadlines."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from PIL import Image

from podium.deployed import DeployedModel
from tiny.served import Asked, Exported, Slow, asked, form_of

pytestmark = pytest.mark.long
Find = Callable[[str], Exported]


@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_answers_are_those_of_the_model_to_the_bit(shape: str, exported: Find) -> None:
    found = exported(shape)
    model = found.load()
    wanted = list(model.predict(found.images, ids=[path.name for path in found.images]))
    alone = next(iter(model.predict(found.images[:1], ids=["photo"])))

    async def ask() -> tuple[httpx.Response, httpx.Response]:
        async with asked(model) as server:
            several = await server.client.post("/predict", files=form_of(found.images))
            raw = found.images[0].read_bytes()
            one = await server.client.post("/predict?id=photo", content=raw, headers={"content-type": "image/png"})
            return several, one

    several, one = asyncio.run(ask())
    assert several.status_code == one.status_code == 200
    assert several.json() == {"model_id": model.model_id, "images": wanted}
    assert one.json() == {"model_id": model.model_id, "images": [alone]}
    answers = wanted[0]["answers"]
    assert {type(answers[head.name]) for head in model.task.targets} <= {str, list}


@pytest.fixture(scope="module")
def single(exported: Find) -> Exported:
    return exported("single")


def bomb(width: int, height: int) -> bytes:
    """A PNG that declares many pixels and has none."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg(size: int = 40) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size), (90, 10, 200)).save(file, "JPEG")
    return file.getvalue()


async def chunks(n: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(n):
        yield bytes(size)


def test_what_is_refused_says_why_and_the_rest_is_answered(single: Exported) -> None:
    good = jpeg()

    async def ask() -> None:
        async with asked(single.load(), max_body_mib=0.25, max_images=3, max_pixels=1_000_000) as server:
            post = server.client.post
            await refused(post("/predict", content=b"hello"), 422, "not_an_image")
            await refused(post("/predict", content=b""), 422, "empty")
            await refused(post("/predict", content=good[:-300]), 422, "truncated")
            await refused(post("/predict", content=bomb(50_000, 20_000)), 413, "too_large")  # 1e9 pixels
            await refused(post("/predict", content=bomb(1001, 1000)), 413, "too_large")
            await refused(post("/predict", content=bytes(300_000)), 413, "body_too_large")
            await refused(post("/predict", content=chunks(30, 10_000)), 413, "body_too_large")
            lie = {"content-length": "9" * 30}
            await refused(post("/predict", content=chunks(1, 10), headers=lie), 413, "body_too_large")
            await refused(
                post("/predict", content=good, headers={"content-type": "text/html"}), 415, "unsupported_type"
            )
            zipped = {"content-encoding": "gzip"}
            await refused(post("/predict", content=good, headers=zipped), 415, "unsupported_encoding")
            await refused(post("/predict", files=[("a", (f"{n}.jpg", good)) for n in range(4)]), 413, "too_many_images")
            form = {"content-type": "multipart/form-data; boundary=x"}
            await refused(post("/predict", content=b"--x--\r\n", headers=form), 400, "no_images")
            await refused(post("/predict", content=b"--x\r\nnonsense", headers=form), 400, "broken_form")
            await refused(
                post("/predict", content=good, headers={"content-type": "multipart/form-data"}), 400, "broken_form"
            )
            await refused(server.client.get("/predict"), 405, "wrong_method")
            await refused(server.client.get("/nothing"), 404, "no_such_path")
            mixed = await post("/predict", files=[("a", ("a.jpg", good)), ("b", ("b\x1b[31m\u202e.jpg", b"hello"))])
            assert mixed.status_code == 200
            first, second = mixed.json()["images"]
            assert set(first) == {"id", "answers", "probs"}
            assert second["error"]["code"] == "not_an_image"
            assert "\x1b" not in mixed.text
            assert "\u202e" not in mixed.text
            answer = await post("/predict", content=good)
            assert answer.json()["images"][0]["probs"] == first["probs"]
            assert server.service.admission.n_images == server.service.admission.n_bytes == 0

    asyncio.run(ask())


async def refused(answer: object, status: int, code: str) -> httpx.Response:
    found: httpx.Response = await answer  # type: ignore[misc]
    assert (found.status_code, found.json()["error"]["code"]) == (status, code), found.text
    assert "\n" not in found.json()["error"]["message"]
    assert found.headers["x-content-type-options"] == "nosniff"
    return found


def test_facts_counters_and_the_description_of_the_routes(single: Exported) -> None:
    model = single.load()

    async def ask() -> None:
        async with asked(model) as server:
            get = server.client.get
            await server.client.post("/predict", content=jpeg())
            await server.client.post("/predict", content=b"hello")
            assert (await get("/healthz")).status_code == (await get("/readyz")).status_code == 200
            facts = (await get("/model")).json()
            assert facts["model_id"] == model.model_id
            assert facts["classes"] == {"mask": ["worn", "none"]}
            assert facts["score"]["main"]["low"] <= facts["score"]["main"]["value"]
            assert str(single.folder) not in json.dumps(facts)
            lines = (await get("/metrics")).text.splitlines()
            assert 'podium_requests_total{route="/predict",status="200"} 1.0' in lines
            assert 'podium_images_total{outcome="not_an_image"} 1.0' in lines
            assert "podium_ready 1.0" in lines
            described = (await get("/openapi.json")).json()
            assert set(described["paths"]) == {"/predict", "/healthz", "/readyz", "/metrics", "/model"}
            assert (await get("/docs")).status_code == (await get("/redoc")).status_code == 404
            schema = described["components"]["schemas"]["PredictionDocument"]
            assert set(schema["required"]) == {"model_id", "images"}

    asyncio.run(ask())


def test_nothing_is_let_in_before_the_model_is_warm_nor_while_it_drains(
    single: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:

    gate = threading.Event()
    monkeypatch.setattr(DeployedModel, "warm_up", lambda self: gate.wait(60))

    async def ask() -> None:
        async with asked(single.load(), is_ready=False) as server:
            assert (await server.client.get("/healthz")).status_code == 200
            starting = await refused(server.client.get("/readyz"), 503, "starting")
            assert int(starting.headers["retry-after"]) >= 1
            await refused(server.client.post("/predict", content=jpeg()), 503, "starting")
            gate.set()
            await server.service.wait_until_ready()
            assert (await server.client.get("/readyz")).status_code == 200
            assert (await server.client.post("/predict", content=jpeg())).status_code == 200
            server.service.admission.is_draining = True
            await refused(server.client.get("/readyz"), 503, "stopping")
            await refused(server.client.post("/predict", content=jpeg()), 503, "stopping")

    asyncio.run(ask())


def test_a_worker_that_is_killed_costs_no_answer(single: Exported) -> None:
    async def ask() -> None:
        async with asked(single.load()) as server:
            for _ in range(3):
                os.kill(server.service.decoders.pids[0], signal.SIGKILL)
                assert (await server.client.post("/predict", content=jpeg())).status_code == 200
            assert "podium_lost_decode_workers_total 3.0" in (await server.client.get("/metrics")).text

    asyncio.run(ask())


def test_a_stopped_worker_costs_one_answer_and_is_replaced(single: Exported) -> None:
    async def ask() -> None:
        async with asked(single.load(), deadline_s=2.0) as server:
            os.kill(server.service.decoders.pids[0], signal.SIGSTOP)  # hangs, as a decoder may
            await refused(server.client.post("/predict", content=jpeg()), 422, "timeout")
        async with asked(single.load()) as server:
            assert (await server.client.post("/predict", content=jpeg())).status_code == 200

    asyncio.run(ask())


def test_requests_of_one_moment_share_batches_and_get_their_own_answers(single: Exported) -> None:
    sizes: list[int] = []

    class Counting(Slow):
        def answer(self, pixels, *, ids=None):  # type: ignore[no-untyped-def]
            sizes.append(len(pixels))
            return super().answer(pixels, ids=ids)

    model = Counting.of(single.load(), 0.05)
    wanted = [record["probs"] for record in single.load().predict(single.images)]

    async def ask() -> None:
        async with asked(model, batch_size=4) as server:
            sizes.clear()
            bodies = [path.read_bytes() for path in single.images] * 4
            found = await asyncio.gather(*(server.client.post("/predict", content=body) for body in bodies))
            assert [answer.json()["images"][0]["probs"] for answer in found] == wanted * 4
            assert sum(sizes) == len(bodies)
            assert max(sizes) == 4
            assert len(sizes) < len(bodies)

    asyncio.run(ask())


def test_at_overload_what_is_let_in_is_answered_in_time_and_the_rest_is_refused_at_once(single: Exported) -> None:
    model, deadline_s = Slow.of(single.load(), 0.1), 6.0

    async def one(server: Asked) -> tuple[httpx.Response, float]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        found = await server.client.post("/predict", content=jpeg())
        return found, loop.time() - started

    async def ask() -> None:
        async with asked(model, batch_size=1, deadline_s=deadline_s) as server:
            found = await asyncio.gather(*(one(server) for _ in range(100)))
            codes = [answer.status_code for answer, _ in found]
            assert set(codes) == {200, 503}, codes
            assert max(took for answer, took in found if answer.status_code == 200) < deadline_s
            assert all(int(answer.headers["retry-after"]) >= 1 for answer, _ in found if answer.status_code == 503)
            assert (await server.client.post("/predict", content=jpeg())).status_code == 200

    asyncio.run(ask())


def test_the_queue_is_a_limit_too(single: Exported) -> None:
    async def ask() -> None:
        async with asked(Slow.of(single.load(), 0.2), queue=3, batch_size=1) as server:
            found = await asyncio.gather(*(server.client.post("/predict", content=jpeg()) for _ in range(9)))
            assert [answer.status_code for answer in found].count(200) == 3

    asyncio.run(ask())


def test_a_late_answer_is_none(single: Exported) -> None:
    async def ask() -> None:
        model = Slow.of(single.load(), 0.0)
        async with asked(model, deadline_s=1.0) as server:
            model.seconds = 2.0
            await refused(server.client.post("/predict", content=jpeg()), 504, "late")
            assert server.service.admission.n_images == 0

    asyncio.run(ask())


def test_an_error_of_ours_tells_the_client_nothing(single: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("/secret/path \x1b[31m")

    async def ask() -> None:
        model = single.load()
        async with asked(model) as server:
            monkeypatch.setattr(model, "answer", fail)
            failed = await refused(server.client.post("/predict", content=jpeg()), 500, "internal")
            assert "secret" not in failed.text
            assert any("/secret/path \\x1b[31m" in line for line in server.log)
            monkeypatch.undo()
            assert (await server.client.post("/predict", content=jpeg())).status_code == 200
            await server.client.get("/a%0Ab%1b[31m")
            assert all(line.isprintable() for line in server.log)

    asyncio.run(ask())
