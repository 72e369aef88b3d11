"""The list of suspect labels, and what becomes of it: a table, a file, a draft of corrections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.listing import count_of
from podium.overview import SHOWN_ROWS, Overview, Shown
from podium.suspects.annotators import Annotator
from podium.suspects.group_suspects import GroupSuspect
from podium.suspects.judge import Judgement
from podium.tables import Correction, Samples

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "LabelSuspects", "Suspect"]


EVEN = 0.5
"""Score of a label that is believed as much as the best other class."""


@dataclass(frozen=True)
class Suspect:
    """One label of one image.

    Args:
        image: Id of the image.
        head: The head; "head=label" for one label of a multi-label head, whose answers are "0" and "1".
        given: The label.
        suggested: The class that speaks most against it.
        score: How far the label can be believed, in [0, 1]; 0 is surely wrong.
        given_prob: Out-of-fold probability of the label.
        suggested_prob: Out-of-fold probability of the suggestion.
        fold: Fold whose model answered; it had not seen the image.
        group: Group of the image; "" where none is named.
        is_confident: Whether the image confidently has another class (confident joint).
        reason: Why it is suspect, in words.
        wrong_in: In how many of several runs it is wrong; None for a single run.
        n_runs: How many runs there are.
        votes: Which annotators gave which class, the commonest first; None where none were asked.
    """

    image: str
    head: str
    given: str
    suggested: str
    score: float
    given_prob: float
    suggested_prob: float
    fold: int
    group: str
    is_confident: bool
    reason: str
    wrong_in: int | None = None
    n_runs: int = 1
    votes: Mapping[str, Sequence[str]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return asdict(self)

    def cells(self) -> list[str]:
        """The row of a table, with the columns of `COLUMNS`."""
        probs = (f"{value:.4f}" for value in (self.score, self.given_prob, self.suggested_prob))
        return [self.image, self.head, self.given, self.suggested, *probs, str(self.fold), self.group, self.reason]

    def more_cells(self, names: Sequence[str]) -> list[str]:
        """Cells of further columns, see `LabelSuspects.more_columns`."""
        votes = "; ".join(f"{label}: {' '.join(people)}" for label, people in (self.votes or {}).items())
        known = {"wrong_in": str(self.wrong_in), "runs": str(self.n_runs), "votes": votes}
        return [known[name] for name in names]


COLUMNS = (
    *("image", "head", "given", "suggested", "score", "given_prob", "suggested_prob", "fold", "group", "reason"),
)


@dataclass(frozen=True, eq=False, repr=False)
class LabelSuspects(Shown):
    """Every label that was judged, the most suspect first.

    Args:
        judged: The judged questions.
        samples: The samples.
        places: Question and row of each label, in the order of suspicion, shape (n, 2).
        groups: Per head that is an attribute of the group, the groups, the most suspect first.
        notes: What the user should know.
    """

    judged: tuple[Judgement, ...]
    samples: Samples
    places: NDArray[np.int64]
    groups: Mapping[str, tuple[GroupSuspect, ...]]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        judged: Sequence[Judgement],
        samples: Samples,
        groups: Mapping[str, tuple[GroupSuspect, ...]],
        *,
        notes: Sequence[str] = (),
    ) -> LabelSuspects:
        """The labels of all questions in one order: by the number of runs that find them wrong, then by the score, and
        equally suspect ones by their place in the samples."""
        number = np.concatenate([np.full(len(item.score), place) for place, item in enumerate(judged)])
        row = np.concatenate([np.arange(len(item.score)) for item in judged])
        sample = np.concatenate([item.question.rows for item in judged])
        score = np.concatenate([item.score for item in judged])
        wrong = np.concatenate([np.zeros(len(item.score)) if item.wrong is None else item.wrong for item in judged])
        order = np.lexsort((number, sample, score, -wrong))
        places = np.stack([number, row], axis=1)[order].astype(np.int64)
        return cls(tuple(judged), samples, places, groups, tuple(notes))

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: int) -> Suspect:
        number, row = self.places[place]
        return _describe(self.judged[number], int(row), self.samples)

    def top(self, n: int | None = None) -> list[Suspect]:
        """The first suspects; all where no number is given."""
        return [self[place] for place in range(len(self) if n is None else min(n, len(self)))]

    @property
    def n_confident(self) -> dict[str, int]:
        """Labels that are confidently wrong by the confident joint, per question: an estimate of how many are."""
        return {item.question.name: item.n_confident for item in self.judged}

    @property
    def more_columns(self) -> tuple[str, ...]:
        """Columns besides `COLUMNS`: of several runs, and of annotators."""
        repeated = ("wrong_in", "runs") if any(item.wrong is not None for item in self.judged) else ()
        return (*repeated, *(("votes",) if any(item.crowd is not None for item in self.judged) else ()))

    @property
    def annotators(self) -> list[Annotator]:
        """Every annotator of every question, the least trusted first."""
        found = [one for item in self.judged if item.crowd is not None for one in item.crowd.annotators]
        return sorted(found, key=lambda one: (np.isnan(one.quality), one.quality))

    def top_groups(self, n: int | None = None) -> list[GroupSuspect]:
        """The groups of all heads that are attributes of the group, the most suspect first."""
        found = sorted((group for ranked in self.groups.values() for group in ranked), key=lambda group: group.score)
        return found[:n]

    def draft(self, n: int, *, whole_groups: bool = False) -> list[Correction]:
        """A draft of corrections of the first suspects, for a person to review; nothing applies it by itself. Labels
        that are believed as much as the best other class are left out.

        Args:
            n: How many suspects.
            whole_groups: Take the first groups instead, and correct all images of each.
        """
        if not whole_groups:
            return [
                _correct(one.image, one.head, one.given, one.suggested, one.reason)
                for one in self.top(n)
                if one.score < EVEN
            ]
        return list(self._correct_groups(n))

    def _correct_groups(self, n: int) -> Iterator[Correction]:
        for group in (group for group in self.top_groups(n) if group.score < EVEN):
            images = f"{count_of(group.n_images, 'image')} of group {group.group!r}"
            why = f"{images} speak against it together, mean log ratio {group.log_ratio:.2f}"
            for image in group.images:
                yield _correct(image, group.head, group.given, group.suggested, why)

    def to_frame(self, n: int | None = None) -> pd.DataFrame:
        """The suspects as a pandas frame, a row a label."""
        import pandas as pd

        return pd.DataFrame([one.to_dict() for one in self.top(n)])

    def overview(self) -> Overview:
        """How many labels were judged, how many are confidently wrong, and the first suspects."""
        n_wrong = sum(self.n_confident.values())
        facts = [count_of(len(self), "label"), f"{count_of(n_wrong, 'label')} confidently wrong"]
        return Overview("LabelSuspects", facts, COLUMNS, [one.cells() for one in self.top(SHOWN_ROWS)], len(self))


def _correct(image: str, head: str, given: str, suggested: str, why: str) -> Correction:
    return Correction(image, head, given, suggested, who="podium labels (draft)", why=why)


def _describe(judged: Judgement, row: int, samples: Samples) -> Suspect:
    asked = judged.question
    sample, label, other = int(asked.rows[row]), int(asked.labels[row]), int(judged.suggested[row])
    given_prob, other_prob = float(asked.probs[row, label]), float(asked.probs[row, other])
    group = "" if samples.group is None else str(samples.group[sample])
    reason = f"the model says {asked.classes[other]} with {other_prob:.2f}, the label has {given_prob:.2f}"
    kin = judged.kin[row]
    if not np.isnan(kin).any():
        reason += f"; {kin[other]:.0%} of the look-alikes are {asked.classes[other]}, {kin[label]:.0%} as labelled"
    said = None if judged.crowd is None else judged.crowd.said(row, asked.classes) or None
    if said:
        n = sum(map(len, said.values()))
        reason += "; " + ", ".join(
            f"{len(names)} of {count_of(n, 'annotator')} say {label}" for label, names in said.items()
        )
    wrong = None if judged.wrong is None else int(judged.wrong[row])
    if wrong is not None:
        reason = f"wrong in {wrong} of {count_of(judged.n_runs, 'run')}; {reason}"
    return Suspect(
        str(samples.ids[sample]),
        asked.name,
        asked.classes[label],
        asked.classes[other],
        float(judged.score[row]),
        given_prob,
        other_prob,
        int(asked.fold[row]),
        group,
        bool(judged.is_confident[row]),
        reason,
        wrong,
        judged.n_runs,
        said,
    )
