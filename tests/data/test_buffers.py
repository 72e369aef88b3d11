"""Buffers are used again when nobody holds the batch, and not before."""

from __future__ import annotations

import gc

import pytest
import torch

from podium.data.buffers import BufferPool


def test_array_and_tensor_share_their_memory() -> None:
    array, tensor = BufferPool((4, 2, 2, 3)).take(3)
    assert array.shape == tuple(tensor.shape) == (3, 2, 2, 3)
    assert tensor.dtype == torch.uint8
    array[:] = 7
    assert (tensor == 7).all()
    assert array.__array_interface__["data"][0] == tensor.data_ptr()


def test_a_view_of_a_batch_keeps_its_buffer() -> None:
    pool = BufferPool((2, 3))
    array, tensor = pool.take(2)
    array[:] = 7
    view = tensor.view(6)[1:].reshape(5, 1)
    del array, tensor
    other, _ = pool.take(2)
    other[:] = 9
    assert (view == 7).all()
    assert pool.n_made == 2
    del view
    third, _ = pool.take(1)
    assert pool.n_made == 2
    assert third.shape == (1, 3)


def test_one_batch_at_a_time_needs_one_buffer() -> None:
    pool = BufferPool((2, 3))
    places = set()
    for n in (2, 1, 2, 2):
        array, tensor = pool.take(n)
        places.add(tensor.data_ptr())
        del array, tensor
        gc.collect(0)
    assert pool.n_made == len(places) == 1


def test_batches_that_are_all_kept_have_memory_of_their_own() -> None:
    pool = BufferPool((2, 3))
    kept = [pool.take(2) for _ in range(5)]
    for value, (array, _) in enumerate(kept):
        array[:] = value
    assert [int(tensor.min()) for _, tensor in kept] == [int(tensor.max()) for _, tensor in kept] == list(range(5))
    assert pool.n_made == 5


@pytest.mark.parametrize("keeps", ["array", "tensor"])
def test_either_form_alone_keeps_the_buffer(keeps: str) -> None:
    pool = BufferPool((2, 3))
    array, tensor = pool.take(2)
    kept = array if keeps == "array" else tensor
    del array, tensor
    gc.collect(0)
    pool.take(2)
    assert pool.n_made == 2
    del kept
