"""Randomness inside a model (dropout, stochastic depth) as a function of (seed, step)."""

from __future__ import annotations

import torch

__all__ = ["mix_seed", "seed_torch"]

_MASK = (1 << 64) - 1


def mix_seed(*numbers: int) -> int:
    """A 63-bit seed from several numbers; near numbers give unrelated seeds.

    Source:
        The finaliser of SplitMix64: Steele, Lea, Flood 2014, "Fast Splittable Pseudorandom Number Generators".
    """
    state = 0
    for number in numbers:
        state = (state + 0x9E3779B97F4A7C15 + (number & _MASK)) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state >> 1


def seed_torch(*numbers: int) -> None:
    """Seed torch's generators by several numbers.

    By (seed, step) before a step, so that a resumed run draws what the uninterrupted one would have drawn; by (seed,
    place) before fresh weights.
    """
    number = mix_seed(*numbers)
    # `torch.manual_seed` does the same and, where no GPU was used yet, takes notes for later: 100 us a step.
    torch.default_generator.manual_seed(number)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(number)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(number)
