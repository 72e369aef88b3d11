"""Everything that a report says of a run, as data."""

from __future__ import annotations

from dataclasses import dataclass

from podium.report.calibration_section import CalibrationSection, describe_calibration
from podium.report.cautions import CautionsSection, describe_cautions
from podium.report.contents import RunContents
from podium.report.curves_section import CurvesSection, describe_curves
from podium.report.data_section import DataSection, describe_data
from podium.report.evaluations_section import EvaluationsSection, describe_evaluations
from podium.report.explanation_section import ExplanationSection, describe_explanation
from podium.report.folds_section import FoldsSection, describe_folds
from podium.report.headline import Headline, describe_headline
from podium.report.map_section import MapSection, describe_map
from podium.report.members_section import MembersSection, describe_members
from podium.report.mistakes_section import MistakesSection, describe_mistakes
from podium.report.robustness_section import RobustnessSection, describe_robustness
from podium.report.section import Section
from podium.report.settings_section import SettingsSection, describe_settings
from podium.report.slices_section import SlicesSection, describe_slices
from podium.report.submissions_section import SubmissionsSection, describe_submissions
from podium.report.targets_section import TargetSection, describe_targets
from podium.report.views_section import ViewsSection, describe_views

__all__ = ["RunReport", "describe_run"]


@dataclass(frozen=True)
class RunReport(Section):
    """The sections of one run, in the order of the page. None, or empty, is a section whose files are missing.

    Args:
        run: The run's name.
        headline: The score and what it means.
        cautions: What weakens the score.
        problems: Files that cannot be read, were changed, or were not made from what is there now, a line each.
        evaluations: Looks at the holdout and at labelled test sets.
        submissions: What was submitted, and its scores on a leaderboard; None where nothing was.
        members: The runs of an ensemble; None where the run has models of its own.
        targets: Scores of every target, the main one first.
        mistakes: The worst mistakes of every target.
        explanation: What the answers depend on; None where `podium explain` was not asked.
        calibration: How well the probabilities of the main target match the share that is right.
        data: The images.
        folds: The folds.
        slices: Scores by the values of columns; None where `podium slices` was not asked.
        views: Test-time views; None where none were audited.
        map: The images in two dimensions; None where `podium map` was not asked.
        robustness: Scores of corrupted images; None where `podium stress` was not asked.
        curves: Loss and score over epochs; None where the heads were solved, for one epoch makes no curve.
        settings: Everything needed to make the run again.
        has_predictions: Whether there are out-of-fold predictions.
        scores_digest: SHA-256 of the scores.json that the report was made from; empty without one.
    """

    run: str
    headline: Headline
    cautions: CautionsSection
    problems: tuple[str, ...]
    evaluations: EvaluationsSection | None
    submissions: SubmissionsSection | None
    members: MembersSection | None
    targets: tuple[TargetSection, ...]
    mistakes: tuple[MistakesSection, ...]
    explanation: ExplanationSection | None
    calibration: CalibrationSection | None
    data: DataSection | None
    folds: FoldsSection | None
    slices: SlicesSection | None
    views: ViewsSection | None
    map: MapSection | None
    robustness: RobustnessSection | None
    curves: CurvesSection | None
    settings: SettingsSection
    has_predictions: bool
    scores_digest: str


def describe_run(contents: RunContents) -> RunReport:
    """All sections of a run."""
    return RunReport(
        run=contents.run.name,
        headline=describe_headline(contents),
        cautions=describe_cautions(contents),
        problems=contents.problems,
        evaluations=describe_evaluations(contents),
        submissions=describe_submissions(contents),
        members=describe_members(contents),
        targets=describe_targets(contents),
        mistakes=describe_mistakes(contents),
        explanation=describe_explanation(contents),
        calibration=describe_calibration(contents),
        data=describe_data(contents),
        folds=describe_folds(contents),
        slices=describe_slices(contents),
        views=describe_views(contents),
        map=describe_map(contents),
        robustness=describe_robustness(contents),
        curves=None if contents.solved else describe_curves(contents),
        settings=describe_settings(contents),
        has_predictions=contents.oof is not None,
        scores_digest=contents.scores_digest,
    )
