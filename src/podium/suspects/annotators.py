"""What the annotators of a question said, and how far each of them can be trusted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.suspects.annotations import Annotations
from podium.suspects.crowd import Crowd, judge_crowd
from podium.suspects.question import Question

__all__ = ["Annotator", "AskedCrowd", "ask_crowd"]


@dataclass(frozen=True)
class Annotator:
    """One annotator of one question.

    Args:
        annotator: The name.
        head: The question, see `Question.name`.
        n_labels: Labels given.
        n_shared: Those of images that others labelled too.
        quality: How far the labels can be trusted, in [0, 1]: by the model's and the others' belief in them, and by how
            often they are the consensus; nan without shared images.
        agreement: Share of the labels that are the consensus.
        mistake: The commonest difference from the consensus, in words; "" where there is none.
    """

    annotator: str
    head: str
    n_labels: int
    n_shared: int
    quality: float
    agreement: float
    mistake: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts; a quality that is not known is null."""
        return asdict(self) | {"quality": None if np.isnan(self.quality) else self.quality}

    def cells(self) -> list[str]:
        """The row of a table."""
        quality = "not known" if np.isnan(self.quality) else f"{self.quality:.3f}"
        numbers = (f"{self.n_labels:,}", f"{self.n_shared:,}", quality, f"{self.agreement:.3f}")
        return [self.annotator, self.head, *numbers, self.mistake]


@dataclass(frozen=True, eq=False)
class AskedCrowd:
    """Annotators of a question, with M images of which some were shown to them.

    Args:
        names: The A annotators.
        votes: Their answers, shape (M, A); -1 where not asked.
        belief: Probability of each class by annotators and model, shape (M, C); the model's where nobody was asked.
        annotators: Each who gave a label, the least trusted first.
    """

    names: tuple[str, ...]
    votes: NDArray[np.int64]
    belief: NDArray[np.float64]
    annotators: tuple[Annotator, ...]

    def said(self, row: int, classes: tuple[str, ...]) -> dict[str, list[str]]:
        """Who gave an image which class, the commonest first."""
        found: dict[str, list[str]] = {}
        for name, answer in zip(self.names, self.votes[row].tolist(), strict=True):
            if answer >= 0:
                found.setdefault(classes[answer], []).append(name)
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def ask_crowd(question: Question, annotations: Annotations) -> AskedCrowd | None:
    """The annotators of a question weighed together with the model; None where none was asked it.

    Raises:
        UsageError: If no image has labels of two annotators, so that nothing tells how good they are.
    """
    if question.name not in annotations.votes:
        return None
    votes = annotations.votes[question.name][question.rows]
    asked = np.flatnonzero((votes >= 0).any(axis=1))
    if not ((votes >= 0).sum(axis=1) > 1).any():
        raise UsageError(
            f"no image has labels of two annotators for {question.name!r}, so nothing tells how good they are.",
            field="annotators",
            fix="Show some images to several of them; or leave out the table.",
        )
    people = np.flatnonzero((votes >= 0).any(axis=0))
    crowd = judge_crowd(votes[np.ix_(asked, people)], question.probs[asked])
    belief = question.probs.copy()
    belief[asked] = crowd.belief
    names = [annotations.names[place] for place in people]
    found = [_describe(question, name, votes[asked, people[i]], votes[asked], crowd, i) for i, name in enumerate(names)]
    ranked = sorted(found, key=lambda one: (np.isnan(one.quality), one.quality, one.annotator))
    return AskedCrowd(annotations.names, votes, belief, tuple(ranked))


def _describe(
    question: Question, name: str, own: NDArray[np.int64], votes: NDArray[np.int64], crowd: Crowd, place: int
) -> Annotator:
    given = own >= 0
    n_shared = int((given & ((votes >= 0).sum(axis=1) > 1)).sum())
    differs = np.flatnonzero(given & (own != crowd.consensus))
    pairs = Counter((question.classes[own[row]], question.classes[crowd.consensus[row]]) for row in differs.tolist())
    mistake = ""
    if pairs:
        (said, meant), n = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[0]
        mistake = f"{said} for {meant}, {n} of {len(differs)}"
    quality, agreement = float(crowd.quality[place]), float(crowd.agreement[place])
    return Annotator(name, question.name, int(given.sum()), n_shared, quality, agreement, mistake)
