"""The worst mistakes: images that were answered wrong with the most confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.report.contents import RunContents
from podium.report.judged import JudgedRows, judge_rows
from podium.report.section import Section
from podium.tables import Head

__all__ = ["Mistake", "MistakesSection", "describe_mistakes"]

N_MAIN = 24
N_OTHER = 8


@dataclass(frozen=True)
class Mistake:
    """One image, or one bag of them.

    Args:
        id: Its id.
        image: Id of the image to show: of a bag the one that speaks most for the wrong answer.
        truth: The label; for a multi-label head the labels that were missed.
        answer: The prediction; for a multi-label head the labels that were given and are not there.
        prob: Probability of the prediction; for a multi-label head the mean probability of the wrong decisions.
        n_wrong: Wrong labels; 1 for other heads.
    """

    id: str
    image: str
    truth: tuple[str, ...]
    answer: tuple[str, ...]
    prob: float
    n_wrong: int


@dataclass(frozen=True)
class MistakesSection(Section):
    """The mistakes of one target.

    Args:
        name: The target.
        is_multi: Whether images may have several labels.
        n_wrong: Images with a mistake.
        n: Images judged.
        unit: What was judged: image or bag.
        mistakes: The worst, worst first.
    """

    name: str
    is_multi: bool
    n_wrong: int
    n: int
    mistakes: tuple[Mistake, ...]
    unit: str = "image"


def describe_mistakes(contents: RunContents) -> tuple[MistakesSection, ...]:
    """A gallery a target, the main one first and largest; none without out-of-fold predictions."""
    if contents.oof is None:
        return ()
    sections = []
    for place, head in enumerate(contents.oof.task.targets):
        judged = judge_rows(contents, head)
        if judged is not None and len(judged.rows):
            sections.append(_make_gallery(contents, judged, N_MAIN if place == 0 else N_OTHER))
    return tuple(sections)


def _make_gallery(contents: RunContents, judged: JudgedRows, most: int) -> MistakesSection:
    head, wrong = judged.head, judged.is_wrong
    n_wrong = wrong.sum(axis=1) if head.is_multi else wrong.astype(np.int64)
    confidence = _confidence(judged)
    order = np.lexsort((judged.rows, -confidence, -n_wrong))  # most wrong labels first, then the surest
    mistakes = [
        _describe(contents, judged, place, float(confidence[place]), int(n_wrong[place]))
        for place in order[:most].tolist()
        if n_wrong[place] > 0
    ]
    n = int((n_wrong > 0).sum())
    return MistakesSection(head.name, head.is_multi, n, len(judged.rows), tuple(mistakes), contents.unit)


def _confidence(judged: JudgedRows) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """How sure the answer was, shape (N,); for a multi-label head the mean over its wrong decisions."""
    probs = np.asarray(judged.probs, dtype=np.float64)
    if not judged.head.is_multi:
        return np.asarray(probs.max(axis=1))
    sure = np.where(judged.decisions == 1, probs, 1 - probs)
    wrong = judged.is_wrong
    return np.asarray((sure * wrong).sum(axis=1) / np.maximum(1, wrong.sum(axis=1)))


def _describe(contents: RunContents, judged: JudgedRows, place: int, prob: float, n_wrong: int) -> Mistake:
    classes, label, decision = judged.head.classes, judged.labels[place], judged.decisions[place]
    if judged.head.is_multi:
        truth = tuple(name for name, a, b in zip(classes, label, decision, strict=True) if a == 1 and b == 0)
        answer = tuple(name for name, a, b in zip(classes, label, decision, strict=True) if a == 0 and b == 1)
    else:
        truth, answer = (classes[int(label)],), (classes[int(decision)],)
    row = int(judged.rows[place])
    assert contents.judged is not None, "a row was judged"
    name = str(contents.judged[1].ids[row])
    return Mistake(name, _image_of(contents, name, judged.head, decision), truth, answer, prob, n_wrong)


def _image_of(contents: RunContents, name: str, head: Head, decision: NDArray[np.int64]) -> str:
    samples, oof = contents.samples, contents.oof
    if samples is None or oof is None or samples.bag is None:
        return name
    own = np.flatnonzero(np.isin(oof.ids, samples.ids[samples.bag == name]))
    if not len(own):
        return name  # an image that is in no bag
    probs = oof.probs[head.name][own]
    speaks = probs @ (decision == 1) if head.is_multi else probs[:, int(decision)]
    return str(oof.ids[own[int(speaks.argmax())]])
