"""What a leak check found, in words, as data, and as an error."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from podium.advice import options
from podium.errors import LeakError, UnknownNameError
from podium.splits.join_duplicates import JoinedDuplicates

__all__ = ["LeakCount", "LeakKind", "LeakPair", "LeakReport", "check_leak_names", "require_no_leak"]

LeakKind = Literal["same_group", "same_bytes", "near_duplicate"]

_NOUNS = {
    "same_group": ("divided group", "divided groups"),
    "same_bytes": ("file found on both sides", "files found on both sides"),
    "near_duplicate": ("near-duplicate pair", "near-duplicate pairs"),
}
_CHECKED = {"same_group": "groups", "same_bytes": "identical files", "near_duplicate": "near-duplicates"}
_FIX = f"Make the folds with {options(split_method='auto')}, which keeps groups and duplicates together."


@dataclass(frozen=True)
class LeakPair:
    """Two samples that should be on one side and are not.

    Args:
        a: Id of one.
        b: Id of the other.
        kind: What they share.
        side_a: Where the first is, such as "fold 0", "holdout" or "train".
        side_b: Where the other is.
        distance: Differing bits of their hashes; None where no hash was compared.
    """

    a: str
    b: str
    kind: LeakKind
    side_a: str
    side_b: str
    distance: int | None = None

    def __str__(self) -> str:
        bits = "" if self.distance is None else f", {self.distance} bits apart"
        return f"{self.kind}: {self.a} ({self.side_a}) and {self.b} ({self.side_b}){bits}"


@dataclass(frozen=True)
class LeakCount:
    """How much of one kind was found.

    Args:
        n_pairs: Pairs of samples on different sides.
        n_samples: Samples in any such pair.
        n_sets: Groups, files or connected near duplicates that lie on several sides.
    """

    n_pairs: int
    n_samples: int
    n_sets: int


@dataclass(frozen=True)
class LeakReport:
    """The result of a leak check.

    Args:
        counts: What was found, for every kind that was looked for; a kind that is absent was not checked.
        pairs: The first pairs of each kind.
        n_samples: Samples involved in any of them.
        n_total: Samples checked.
        judged_fraction: Share of the samples that folds validate, or of a test set where there are no folds, that have
            a match among the training samples of their models.
        n_unjudged: Samples whose hash means nothing (flat images, unreadable files); no near duplicate is seen there.
        max_distance: Bits in which two hashes may differ; None if hashes were not compared.
        is_partial: Whether more near duplicates exist than were counted.
        accepted: Kinds that the user accepts.
        joined: Duplicates that were kept on one side when the folds were made; None if there were none.
        is_test_set: Whether the sides are a training set and a test set, not folds.
        holdout_fraction: The same share of the samples that are held out of all folds, which have a score of their own;
            None where there are none.
    """

    counts: Mapping[LeakKind, LeakCount]
    pairs: tuple[LeakPair, ...]
    n_samples: int
    n_total: int
    judged_fraction: float
    n_unjudged: int = 0
    max_distance: int | None = None
    is_partial: bool = False
    accepted: tuple[LeakKind, ...] = ()
    joined: JoinedDuplicates | None = None
    is_test_set: bool = False
    holdout_fraction: float | None = None

    @property
    def found(self) -> tuple[LeakKind, ...]:
        """Kinds of which at least one pair was found."""
        return tuple(kind for kind, count in self.counts.items() if count.n_pairs)

    @property
    def is_clean(self) -> bool:
        """Whether none of the kinds that were checked was found. Accepting a kind does not make it clean."""
        return not self.found

    @property
    def verdict(self) -> str:
        """One or two sentences."""
        checked = ", ".join(_CHECKED[kind] for kind in self.counts)
        unchecked = [_CHECKED[kind] for kind in get_args(LeakKind) if kind not in self.counts]
        not_checked = f" Not checked: {', '.join(unchecked)}." if unchecked else ""
        if self.is_clean:
            joined = "" if self.joined is None else f" {self.joined}"
            return f"Nothing is on both sides. Checked: {checked}.{not_checked}{joined}"
        parts = []
        for kind in self.found:
            count = self.counts[kind]
            number = count.n_pairs if kind == "near_duplicate" else count.n_sets
            at_least = "at least " if self.is_partial and kind == "near_duplicate" else ""
            parts.append(f"{at_least}{number:,} {_NOUNS[kind][number != 1]}")
        share = f"{self._shares()} match training images."
        accepted = f" Accepted: {', '.join(self.accepted)}." if self.accepted else ""
        return f"{' and '.join(parts)}: {share}{accepted}{not_checked}"

    def _shares(self) -> str:
        """What share of each set that has a score is known to its models, in words."""
        judged = "test images" if self.is_test_set else "images that models are scored on"
        parts = [f"{self.holdout_fraction:.1%} of the held-out images"] if self.holdout_fraction else []
        if self.judged_fraction or not parts:
            parts.insert(0, f"{self.judged_fraction:.1%} of the {judged}")
        return " and ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data."""
        return {
            "is_clean": self.is_clean,
            "verdict": self.verdict,
            "checked": list(self.counts),
            "accepted": list(self.accepted),
            "counts": {kind: vars(count) for kind, count in self.counts.items()},
            "n_samples": self.n_samples,
            "n_total": self.n_total,
            "judged_fraction": self.judged_fraction,
            "holdout_fraction": self.holdout_fraction,
            "n_unjudged": self.n_unjudged,
            "max_distance": self.max_distance,
            "is_partial": self.is_partial,
            "joined": None if self.joined is None else vars(self.joined),
            "is_test_set": self.is_test_set,
            "findings": [vars(pair) for pair in self.pairs],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> LeakReport:
        """The report that `to_dict` wrote.

        Raises:
            KeyError: If something is missing.
            TypeError: If something is of another kind.
        """
        plain = ("n_samples", "n_total", "judged_fraction", "n_unjudged", "max_distance", "is_partial")
        return cls(
            counts={kind: LeakCount(**count) for kind, count in record["counts"].items()},
            pairs=tuple(LeakPair(**pair) for pair in record["findings"]),
            accepted=tuple(record["accepted"]),
            is_test_set=record.get("is_test_set", False),
            holdout_fraction=record.get("holdout_fraction"),
            joined=None if record["joined"] is None else JoinedDuplicates(**record["joined"]),
            **{name: record[name] for name in plain},
        )


def check_leak_names(names: Collection[str]) -> None:
    """Raise UnknownNameError unless each of these is a kind of leak."""
    for name in names:
        if name not in get_args(LeakKind):
            raise UnknownNameError("kind of leak", name, get_args(LeakKind), field="allow_leaks")


def require_no_leak(report: LeakReport, *, allow: Collection[str] = (), fix: str | None = None) -> LeakReport:
    """The report, with the kinds that were found and are accepted noted in it.

    Args:
        report: What `find_leaks` found.
        allow: Kinds to accept.
        fix: How the folds can be made without leaks, as a sentence.

    Raises:
        LeakError: If a kind was found that is not accepted; lists the first pairs.
        UnknownNameError: If `allow` names no kind.
    """
    check_leak_names(allow)
    refused = [kind for kind in report.found if kind not in allow]
    if refused:
        raise LeakError(
            f"these folds leak: {report.verdict}",
            fix=f"{fix or _FIX} To train in spite of them, set {options(allow_leaks=[*allow, *refused])}.",
            retry={"allow_leaks": [*allow, *refused]},
            details=[str(pair) for pair in report.pairs if pair.kind in refused],
        )
    return replace(report, accepted=tuple(kind for kind in report.found if kind in allow))
