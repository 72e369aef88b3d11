"""From samples to images that are decoded and folds that do not leak: what `podium split` and `podium train` share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from podium.dataset.fold_options import FoldOptions
from podium.dataset.ready_images import ReadyImages, describe_findings, make_ready
from podium.errors import SplitError
from podium.machine import Progress, Settings
from podium.recipe import Recipe
from podium.splits import (
    LeakReport,
    check_leak_names,
    check_request,
    find_leaks,
    hint_groups,
    join_groups,
    make_folds,
    require_no_leak,
)
from podium.tables import Folds, Samples, load_folds
from podium.twins import find_twins

__all__ = ["FrozenFolds", "check_folds", "freeze_folds"]


@dataclass(frozen=True)
class FrozenFolds:
    """Folds of the images that can be used.

    Args:
        images: The images, decoded; their samples are grouped by duplicates where that was asked for.
        folds: Their folds.
        leaks: The leak check's verdict.
        hints: What looks like a group that nobody named.
    """

    images: ReadyImages
    folds: Folds
    leaks: LeakReport
    hints: tuple[str, ...]

    @property
    def samples(self) -> Samples:
        """The samples whose image can be used."""
        return self.images.samples


def check_folds(samples: Samples, options: FoldOptions) -> int:
    """How many folds there will be; all that can be known wrong about them before an image is decoded is refused here.

    Raises:
        UsageError: If an option names nothing or is out of its range.
        SplitError: If they cannot be made, or belong to other samples.
    """
    check_leak_names(options.allow_leaks)
    if options.frozen is None:
        return check_request(
            samples,
            n_folds=options.n_folds,
            seed=options.seed,
            method=options.method,
            target=options.target,
            holdout_fraction=options.holdout_fraction,
            allow_rare=options.allow_rare,
        )
    if not (options.frozen / "folds.csv").is_file():
        fix = "Name a folder that `podium split --out` wrote, or a run's."
        raise SplitError("there are no frozen folds here.", where=options.frozen, fix=fix)
    frozen = load_folds(options.frozen)
    if set(frozen.ids) - set(samples.ids):  # images may yet be left out, but none will be found
        frozen.match(samples)
    return frozen.n_folds


def freeze_folds(
    samples: Samples, recipe: Recipe, options: FoldOptions, settings: Settings, progress: Progress
) -> FrozenFolds:
    """Decode the images, divide them, and check that the folds do not leak, or that their leaks were accepted by name.

    Args:
        samples: Samples that `check_folds` let through.
        recipe: A resolved recipe.
        options: How to divide them.
        settings: Places and limits.
        progress: Told what is going on and what was found.

    Raises:
        ImageError: If too many images cannot be decoded.
        SplitError: If the folds cannot be made, or belong to other samples.
        LeakError: If they share a group, a file or a near duplicate; lists the pairs.
    """
    images = make_ready(samples, recipe, settings, progress)
    for note in describe_findings(images.audit):
        progress.note(note)
    hints = tuple(map(str, hint_groups(images.samples)))  # of groups that a person might have named, not of copies
    for hint in hints:
        progress.note(hint)
    if options.group_duplicates:
        images = _group_duplicates(images, progress)
    folds = _divide(images.samples, options)
    report = find_leaks(images.samples, folds, **images.fingerprints())
    return FrozenFolds(images, folds, require_no_leak(report, allow=options.allow_leaks), hints)


def _group_duplicates(images: ReadyImages, progress: Progress) -> ReadyImages:
    """The images with equal files and near duplicates joined into groups, so that no split divides them."""
    pairs = find_twins(**images.fingerprints())
    joined = replace(images.samples, group=join_groups(images.samples, pairs))
    progress.note(f"{len(pairs)} pairs of equal files or near duplicates were put into one group each.")
    return replace(images, samples=joined)


def _divide(samples: Samples, options: FoldOptions) -> Folds:
    if options.frozen is not None:
        return load_folds(options.frozen).match(samples)
    return make_folds(
        samples,
        n_folds=options.n_folds,
        seed=options.seed,
        method=options.method,
        target=options.target,
        holdout_fraction=options.holdout_fraction,
        allow_rare=options.allow_rare,
    )
