"""What a run folder holds, read when asked: tables, scores, predictions, drawings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from podium import durable
from podium.errors import UsageError
from podium.machine import Settings
from podium.metrics import Scores
from podium.overview import Overview, Shown
from podium.store import RunFolder, check_scores, load_tables
from podium.tables import Folds, Predictions, Samples, load_predictions

if TYPE_CHECKING:
    from podium.report.inline import Plots
    from podium.report.members_section import MembersSection

__all__ = ["FinishedRun"]


class FinishedRun(Shown):
    """One run folder, read when asked; see `podium.workflows.Run`."""

    def __init__(self, folder: RunFolder, settings: Settings | None = None) -> None:
        self.folder = folder
        self.settings = settings or Settings(runs=folder.path.parent)

    def overview(self) -> Overview:
        """Where it is, its main score, and every metric of every target."""
        left = self.folder.folds_left()
        if left or not self.folder.is_finished:
            folds = f"fold{'s' if len(left) != 1 else ''} {', '.join(map(str, left))} left" if left else "not scored"
            return Overview("Run", [str(self.folder.path), folds])
        scores = self.scores.overview()
        return replace(scores, title="Run", facts=[str(self.folder.path), *scores.facts])

    @property
    def name(self) -> str:
        """The run's name."""
        return self.folder.name

    @property
    def samples(self) -> Samples:
        """The samples it was trained on."""
        return load_tables(self.folder)[0]

    @property
    def folds(self) -> Folds:
        """Its frozen folds."""
        return load_tables(self.folder)[1]

    @property
    def scores(self) -> Scores:
        """Scores of the out-of-fold predictions, with intervals.

        Raises:
            UsageError: If the run is not finished, or the scores are not of the predictions that are there.
        """
        check_scores(self.folder)
        return Scores.from_dict(durable.read_json(self.folder.scores_file))

    @property
    def oof(self) -> Predictions:
        """Out-of-fold predictions: every row by a model that did not see it.

        Raises:
            UsageError: If the run is not finished, or the table is not the one that was scored.
        """
        check_scores(self.folder)
        return load_predictions(self.folder.oof_file)

    @property
    def members(self) -> MembersSection:
        """The runs of an ensemble: what each scores, weighs and adds.

        Raises:
            UsageError: If the run has models of its own.
        """
        from podium.report.contents import read_contents
        from podium.report.members_section import describe_members

        found = describe_members(read_contents(self.folder))
        if found is None:
            raise UsageError(f"run {self.name!r} is no ensemble.", fix="Make one with `podium.ensemble`.")
        return found

    @property
    def plot(self) -> Plots:
        """Single drawings of the report, shown in place in a notebook: `run.plot.confusion()`."""
        from podium.report.inline import Plots

        return Plots(self.folder)

    def model_card(self) -> Path:
        """Write MODEL_CARD.md and model.json again; gives the first one's path. What stands under "Intended use" stays.

        Raises:
            UsageError: If the run is not finished.
        """
        from podium.report import write_model_card

        check_scores(self.folder)
        write_model_card(self.folder)
        return self.folder.model_card_file

    def report(self) -> Path:
        """Write the report again; gives its path."""
        from podium.report import make_report

        return make_report(self.folder)
