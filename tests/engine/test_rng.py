from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from podium.engine import mix_seed
from podium.engine.rng import seed_torch

_64 = 1 << 64


def finalise(word: int) -> int:
    """The three lines of Steele, Lea, Flood 2014, in Python's unbounded integers."""
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % _64
    word = (word ^ word >> 27) * 0x94D049BB133111EB % _64
    return word ^ word >> 31


def test_one_number_gives_the_first_output_of_splitmix64() -> None:
    """The generator's published outputs for seed 1234567; ours drop the lowest bit."""
    outputs = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert mix_seed(1234567) == outputs[0] >> 1
    # Its state grows by the golden ratio each time.
    assert [mix_seed(1234567 + n * 0x9E3779B97F4A7C15) for n in range(3)] == [output >> 1 for output in outputs]


@pytest.mark.slow
@given(st.lists(st.integers(-(2**70), 2**70), max_size=4))
def test_each_further_number_is_added_to_what_came_before(numbers: list[int]) -> None:
    state = 0
    for number in numbers:
        state = finalise((state + 0x9E3779B97F4A7C15 + number) % _64)
    assert mix_seed(*numbers) == state // 2


def test_a_step_draws_the_same_whatever_was_drawn_before() -> None:
    seed_torch(5, 7)
    first = torch.rand(3)
    torch.rand(11)
    seed_torch(5, 7)
    assert torch.equal(torch.rand(3), first)
    seed_torch(5, 8)
    assert not torch.equal(torch.rand(3), first)
