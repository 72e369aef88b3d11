"""AugMix: the mean of an image and of what several short chains of operations make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv

from podium.data.operations import CODES, KEEP, Step
from podium.data.policy_choices import ENHANCING, MAPPING, MOVES, Scale, choose
from podium.data.ranges import check_count, check_probability, check_range, ends

__all__ = ["AugMix"]

_Array = NDArray[np.float64]

_NAMES = (*MOVES, *ENHANCING, *MAPPING)
_SCALE = Scale(translate=1 / 3, posterize=(4, 0))
_LONGEST = 3
_TINY = 1e-12


@dataclass(frozen=True)
class AugMix:
    """The mean of an image and of several chains of one to three operations: for robustness against unlike cameras.

    Args:
        severity: How strong operations may be, from 0 to 10.
        n_chains: Chains that are mixed.
        alpha: Shape of the distributions of weights; 1 makes all mixtures as likely.
        probability: Chance that an image is mixed.

    Source:
        Hendrycks et al. 2020, "AugMix: A Simple Data Processing Method to Improve Robustness and Uncertainty", with
        torchvision's operations; the consistency loss of the paper is not part of it. The levels of operations are
        uniform on [0, severity / 10].
    """

    severity: float = 3.0
    n_chains: int = 3
    alpha: float = 1.0
    probability: float = 1.0
    kind: Literal["aug_mix"] = "aug_mix"

    stream: ClassVar[int] = 83

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "severity", ends(self.severity), lowest=0, highest=10)
        check_count(self.kind, "n_chains", self.n_chains, 1, 10)
        check_range(self.kind, "alpha", ends(self.alpha), above=0, highest=100)

    @property
    def n_uniforms(self) -> int:
        """Uniform numbers that an image takes."""
        return 2 + self.n_chains * (2 + 3 * _LONGEST)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, n_uniforms), say; see the operation `mix_chains`."""
        of_chains = u[:, 2:].reshape(len(u), self.n_chains, 2 + 3 * _LONGEST).transpose(1, 2, 0)
        changed = betaincinv(self.alpha, self.alpha, u[:, 1])
        shares = gammaincinv(self.alpha, np.clip(of_chains[:, 0], _TINY, 1 - _TINY)) + _TINY
        shares = changed * shares / shares.sum(axis=0)
        columns = [np.full(len(u), float(_LONGEST)), 1.0 - changed]
        for share, (_, length, *draws) in zip(shares, of_chains, strict=True):
            columns.append(share)
            for place in range(_LONGEST):
                columns += self._operation(place < 1 + np.floor(_LONGEST * length), *draws[3 * place : 3 * place + 3])
        return Step.of("mix_chains", u[:, 0] < self.probability, *columns)

    def _operation(self, is_done: NDArray[np.bool_], which: _Array, level: _Array, sign: _Array) -> list[_Array]:
        """Code and number of one operation of a chain."""
        places = np.floor(which * len(_NAMES)).astype(np.int64)
        codes = np.array([CODES[name] for name in _NAMES])[places]
        numbers = choose(_NAMES, _SCALE, places, level * self.severity / 10, sign).numbers
        return [np.where(is_done, codes, KEEP).astype(np.float64), numbers]
