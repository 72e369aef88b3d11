"""What goes through the pipe to a decode worker comes out equal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.images.decode import Limits
from podium.images.facts import ImageFacts
from podium.images.job import Item, Job, Stored
from podium.images.outcome import Decoded, Outcome
from podium.images.wire import (
    decode_batch,
    decode_job,
    decode_results,
    encode_batch,
    encode_frame,
    encode_job,
    encode_results,
    read_frame,
)

FACTS = ImageFacts("ab" * 32, 123, 40, 30, "I;16", "PNG", 6, 2**64 - 1, 0.1 + 0.2, True, 3)


class Pipe:
    """Gives the bytes of frames one after the other, as a pipe does."""

    def __init__(self, pieces: list[memoryview]) -> None:
        self.data = b"".join(pieces)

    def read_into(self, buffer: memoryview) -> None:
        if len(self.data) < len(buffer):
            raise EOFError
        buffer[:], self.data = self.data[: len(buffer)], self.data[len(buffer) :]


def test_frames_follow_each_other_with_bodies_of_any_shape() -> None:
    bodies = [memoryview(b"abc"), memoryview(b""), np.arange(6, dtype=np.uint8).reshape(2, 3).data.cast("B")]
    pipe = Pipe([*encode_frame({"a": "한글\n"}, *bodies), *encode_frame({}), *encode_frame({"last": [1, None]})])
    assert read_frame(pipe.read_into) == ({"a": "한글\n"}, bytearray(b"abc\0\1\2\3\4\5"))
    assert read_frame(pipe.read_into) == ({}, bytearray())
    assert read_frame(pipe.read_into) == ({"last": [1, None]}, bytearray())
    assert pipe.data == b""


@pytest.mark.parametrize("n_missing", [1, 5, 12, 22])
def test_a_frame_that_is_cut_off_is_the_end(n_missing: int) -> None:
    whole = b"".join(encode_frame({"ab": 1}, memoryview(b"0123456789")))
    with pytest.raises(EOFError):
        read_frame(Pipe([memoryview(whole[:-n_missing])]).read_into)


def roundtrip(record: dict[str, object]) -> dict[str, object]:
    return read_frame(Pipe(encode_frame(record)).read_into)[0]


def roundtrip_batch(batch: Sequence[Item]) -> list[Item]:
    record, contents = encode_batch(batch)
    return decode_batch(*read_frame(Pipe(encode_frame(record, *contents)).read_into))


@pytest.mark.parametrize(
    "job",
    [
        Job(),
        Job(Limits(max_pixels=10, max_bytes=20, background=(1, 2, 3)), 64, False, False, (7, 9), "pad"),
        Job(size=(3, 4), rows=os.fsdecode(b"/tmp/\xff \n\xea\xb0\x80"), n_rows=5),
    ],
)
def test_a_job_comes_out_equal(job: Job) -> None:
    assert decode_job(roundtrip(encode_job(job, 65.5))) == (job, 65.5)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 2**40), st.binary(min_size=1).map(os.fsdecode)), max_size=5))
def test_paths_of_any_bytes_come_out_equal(batch: list[tuple[int, str]]) -> None:
    assert roundtrip_batch(batch) == batch


@pytest.mark.slow
@given(st.lists(st.binary(), max_size=4))
def test_contents_of_files_come_out_equal_between_paths(contents: list[bytes]) -> None:
    batch: list[Item] = [(0, "a.png"), *((row, data) for row, data in enumerate(contents)), (9, "b.png", (1, 2, 3, 4))]
    assert roundtrip_batch(batch) == batch


def test_a_path_object_is_a_path() -> None:
    assert roundtrip_batch([(3, Path("a") / "b.png")]) == [(3, os.path.join("a", "b.png"))]  # noqa: PTH118


def test_results_with_pixels_rows_and_failures_come_out_in_order() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((4, 5, 3), (1, 1, 3), (7, 2, 3))]
    turned = images[2].swapaxes(0, 1)  # not contiguous
    results = [
        Decoded(images[0], Outcome.OK, "", FACTS),
        Decoded(None, Outcome.TRUNCATED, "PNG: ends \u2028 early"),
        Stored(8, Outcome.OK, "", FACTS, 2**32 - 1),
        Decoded(images[1], Outcome.OK),
        Stored(0, Outcome.BROKEN, "bad", None, 0),
        Decoded(turned, Outcome.OK),
    ]
    record, bodies = encode_results(results)
    received, body = read_frame(Pipe(encode_frame(record, *bodies)).read_into)
    found = decode_results(received, body)
    assert len(found) == len(results)
    for one, other in zip(found, results, strict=True):
        assert type(one) is type(other)
        if isinstance(other, Stored):
            assert one == other
            continue
        assert isinstance(one, Decoded)
        assert (one.outcome, one.reason, one.facts) == (other.outcome, other.reason, other.facts)
        if other.pixels is None:
            assert one.pixels is None
        else:
            np.testing.assert_array_equal(one.pixels, other.pixels)
            assert one.pixels is not None
            assert one.pixels.flags.writeable
            assert np.shares_memory(one.pixels, np.frombuffer(body, np.uint8))  # no copy
