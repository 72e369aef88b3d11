"""Leave-one-domain-out: every fold is judged on domains that its model never saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from podium.errors import UsageError
from podium.listing import count_of
from podium.splits.make_folds import make_folds
from podium.tables import EXTRA, Samples, as_text_array

__all__ = ["MOST_DOMAINS", "fold_by_domain"]

MOST_DOMAINS = 10
"""Domains up to which each is a fold of its own, where nobody says how many folds."""
_USUAL = 5


def fold_by_domain(samples: Samples, n_folds: int | None, *, seed: int = 0) -> Samples:
    """The samples with a fold by their domain: one a domain, or several domains packed into each.

    Packed domains are dealt whole, so that folds are alike in size and classes. Samples without a domain train in every
    fold.

    Args:
        samples: Samples with domains.
        n_folds: Number of folds; None makes one a domain, or 5 where there are more than 10 domains.
        seed: Seed of the deal.

    Raises:
        UsageError: If there are fewer domains than folds.
    """
    assert samples.domain is not None, "the samples have domains"
    asked = np.asarray(samples.domain != "", dtype=bool)
    if samples.split is not None:
        asked &= ~np.isin(samples.split.astype(str), ["test", EXTRA])
    names = sorted(set(samples.domain[asked].tolist()))
    n = n_folds or (len(names) if len(names) <= MOST_DOMAINS else _USUAL)
    if n > len(names):
        raise UsageError(
            f"got {n}, but there are {count_of(len(names), 'domain')}.",
            field="folds",
            fix=f"Use at most {len(names)}, or leave it out for a fold a domain.",
        )
    fold_of = {name: name for name in names} if n == len(names) else _pack(samples.take(asked), n, seed)
    kept = [""] * len(samples) if samples.fold is None else samples.fold.tolist()  # of extra samples
    named = zip(samples.domain, asked, kept, strict=True)
    fold = [fold_of[name] if is_asked else own for name, is_asked, own in named]
    return replace(samples, fold=as_text_array(fold))


def _pack(samples: Samples, n_folds: int, seed: int) -> dict[str, str]:
    """Name of the fold of each domain: the names of all its domains."""
    assert samples.domain is not None, "the samples have domains"
    whole = replace(samples, group=samples.domain, fold=None, split=None, time=None)
    dealt = make_folds(whole, folds=n_folds, split_seed=seed).fold
    number = dict(zip(samples.domain.tolist(), dealt.tolist(), strict=True))
    together = [" + ".join(sorted(name for name in number if number[name] == fold)) for fold in range(n_folds)]
    return {name: together[fold] for name, fold in number.items()}
