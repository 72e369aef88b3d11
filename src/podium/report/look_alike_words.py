"""What a report and a terminal say of images that look as those of one object do, on both sides of the split."""

from __future__ import annotations

import math
from pathlib import Path

from podium.advice import option, options
from podium.listing import count_of, part_of
from podium.metrics import CROSSING, Interval, LookAlikes, Scores
from podium.report.numbers import plain_score
from podium.splits import LeakReport

__all__ = ["judge_leaks", "pessimistic_words", "warn_of_look_alikes"]


def pessimistic_words(scores: Scores) -> str:
    """The score that stands beside the main one, such as "pessimistic 0.34 [0.30, 0.39]"; empty where none must."""
    found = scores.pessimistic
    return "" if found is None else f"pessimistic {_with_bounds(found)}"


def warn_of_look_alikes(scores: Scores, run: Path | None = None) -> str | None:
    """What was found and what to do, in sentences; None where the main score, and a holdout's, can stand alone.

    Args:
        scores: The scores.
        run: Folder of the run, whose clusters can be groups where names tell none.
    """
    found = scores.look_alikes
    lower = {name: low for name in scores.targets if (low := scores.pessimistic_of(name)) is not None}
    if found is None:
        return None
    if not lower:
        return f"{_holdout(found)} A score on them says little of others." if found.is_holdout_known else None
    named = ""
    if found.crossing >= CROSSING:
        named = (
            f" The named groups may be too fine: {found.crossing:.0%} of the images are nearer to one of another group."
        )
    held = f" {_holdout(found)}" if found.is_holdout_known else ""
    return (
        f"{_share(found)} have look-alikes among the training images of their model:"
        f" {count_of(found.n_clustered, 'image lies', 'images lie')} in"
        f" {count_of(found.n_clusters, 'cluster')}, as frames or photos"
        f" of one object do.{_by_company(found)}{named}{held} Where no cluster is divided, heads on"
        f" frozen features lead to {'; '.join(_fall(scores, *item) for item in lower.items())}. If new images"
        f" will be of other objects, believe the lower score, and name the group{_propose(found, run)}."
    )


def judge_leaks(leaks: LeakReport, scores: Scores | None) -> tuple[str, str]:
    """State ("clean", "accepted" or "leaks") and words of all that was checked, hashes and features."""
    found = None if scores is None else scores.look_alikes
    state = "clean" if leaks.is_clean else "accepted" if leaks.accepted else "leaks"
    if found is None:
        return state, f"{leaks.verdict} Not checked: look-alikes by features."
    assert scores is not None
    if found.is_holdout_known and not found.are_divided:
        return "leaks", f"{_holdout(found)} {leaks.verdict}"
    if warn_of_look_alikes(scores) is not None:
        return "leaks", f"{_share(found)} have look-alikes among training images. {leaks.verdict}"
    if not leaks.is_clean:
        return state, f"{leaks.verdict} No look-alikes by features that change the score."
    if found.are_divided and not found.pessimistic:
        return state, f"{leaks.verdict} Look-alikes by features are divided; what they change was not measured."
    return state, f"No leak found. {leaks.verdict} Look-alikes by features{_looked_at(found)}: {_what_is_clear(found)}."


def _what_is_clear(found: LookAlikes) -> str:
    if found.are_divided:
        return "none that change the score"
    if found.are_clear and found.crossing < CROSSING:
        return "clusters, but images are nearer to others of their named group"
    return "no clusters"


def _looked_at(found: LookAlikes) -> str:
    return f" ({part_of(found.n, found.n_all, 'image')})" if found.is_partial else ""


def _holdout(found: LookAlikes) -> str:
    return f"{found.holdout_fraction:.0%} of the held-out images have look-alikes among training images."


def _propose(found: LookAlikes, run: Path | None) -> str:
    if not found.group_pattern:
        named = f" with {option('group')}"
        if run is None or found.is_partial:
            return named
        return f"{named}; where nobody knows it, take the clusters for it: {options(group_from=f'clusters:{run}')}"
    return (
        f": {options(group=found.group_pattern)} makes {count_of(found.n_name_groups, 'group')} of the names, which"
        f" stand apart (mean silhouette {found.name_separation:.2f} higher than of the same groups dealt at random)"
    )


def _fall(scores: Scores, target: str, low: Interval) -> str:
    stated = scores.targets[target].metrics[scores.metric_of(target)]
    of = f"{target} " if len(scores.targets) > 1 else ""
    return f"{of}{_with_bounds(low)} and not {plain_score(stated.value, 4)}"


def _share(found: LookAlikes) -> str:
    return f"{found.known_fraction:.0%} of the evaluated images"


def _by_company(found: LookAlikes) -> str:
    if math.isnan(found.score_known) or math.isnan(found.score_new):
        return ""
    known, new = plain_score(found.score_known), plain_score(found.score_new)
    return f" These score {known}, the others {new}."


def _with_bounds(score: Interval) -> str:
    bounds = f" [{plain_score(score.low, 4)}, {plain_score(score.high, 4)}]" if score.has_bounds else ""
    return f"{plain_score(score.value, 4)}{bounds}"
