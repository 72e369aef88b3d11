"""How the members of an ensemble are judged: with the test-time views that they predict with, where those are kept."""

from __future__ import annotations

from collections.abc import Sequence

from podium.listing import list_some
from podium.predicting.chosen_view_answers import chosen_view_answers
from podium.store import (
    RunFolder,
    digest_views,
    read_chosen_views,
)
from podium.tables import Predictions, Samples, load_predictions
from podium.workflows.compare import judged_images

__all__ = ["judge_member", "say_views", "views_of_member"]


def judge_member(run: RunFolder) -> tuple[Predictions, Samples]:
    """What a run answers out of fold, image by image, with the views that it predicts with; and what was asked."""
    oof, samples = judged_images(run)
    return chosen_view_answers(run, oof) or oof, samples


def views_of_member(run: RunFolder) -> str | None:
    """Digest of the views that a run is judged with; None where its chosen views cannot count."""
    is_lost = read_chosen_views(run) is not None and chosen_view_answers(run, load_predictions(run.oof_file)) is None
    return None if is_lost else digest_views(run)


def say_views(runs: Sequence[RunFolder]) -> tuple[str, ...]:
    """What an ensemble does about runs that predict with chosen test-time views."""
    own = [run for run in runs if read_chosen_views(run) is not None]
    lost = [run.name for run in own if views_of_member(run) is None]
    kept = [run.name for run in own if run.name not in lost]
    said = []
    if kept:
        which = f"{list_some(kept)} {'are' if len(kept) > 1 else 'is'}"
        said.append(
            f"{which} judged with the test-time views that `podium tta` chose, each fold by the choice without it."
        )
    if lost:
        which = f"{list_some(lost)} {'predict' if len(lost) > 1 else 'predicts'}"
        said.append(
            f"{which} new images with the test-time views that `podium tta` chose; weights, scores and verdicts of this"
            " ensemble are of predictions without them, because those under the views are gone. Audit the views again,"
            " then make the ensemble again."
        )
    return tuple(said)
