"""What `podium split` does, and `podium train` first: data read, decoded, audited, divided, checked for leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from podium import advice
from podium.arguments import strict_arguments
from podium.curate import Scan, ScanOptions
from podium.dataset import FoldOptions, Source, read_source
from podium.dataset.extra import Extra, add_extra
from podium.dataset.idle_fold_options import given_fold_options
from podium.dataset.option_homes import option_homes
from podium.dataset.prepare import check_folds, prepare_samples
from podium.dataset.prepared import Prepared, is_prepared, load_prepared
from podium.dataset.ready_images import median_side
from podium.errors import UsageError
from podium.machine import Progress, Settings, default_progress
from podium.problems import Problems
from podium.recipe import Recipe, find_preset, resolve_sizes

__all__ = ["Data", "open_data", "prepare"]

Data = Source | Prepared
"""A folder of images, a table, a scan, samples; or data that are prepared, also a folder of such."""


@strict_arguments(option_homes)
def prepare(
    data: Data,
    *,
    folds: int | FoldOptions | None = None,
    options: ScanOptions | None = None,
    extra: Mapping[str, Extra] | None = None,
    extra_drop: Mapping[str, Sequence[str]] | None = None,
    recipe: str | Recipe = "baseline",
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Data made ready once for any number of recipes: scanned, decoded, audited, divided into folds, checked for leaks.

    `podium.train` takes the result, or the folder it was saved in, and starts training at once.

    Args:
        data: A folder, a table, a saved scan, or samples.
        folds: Number of folds (default: 5), or `FoldOptions`.
        options: How to read a folder or table.
        extra: Data that only train and are never judged, by name, with a weight of their images: {"web": ("photos",
            0.5)}. An image that is like a judged one does not train in its fold.
        extra_drop: Classes of extra data to leave out, by name; "*" for all that the task does not have.
        recipe: A preset or recipe whose image size the images are decoded at. A recipe with another size decodes them
            once more, and repeats nothing else.
        settings: Folders, device and limits.
        progress: Receives progress and notes.

    Raises:
        UsageError: If an option is wrong.
        DataError: If the data cannot be used, or the folds leak.

    Example:
        data = podium.prepare("photos", folds=5)
        data.save("prepared")
        runs = [podium.train(data, preset=preset) for preset in ("baseline", "quick")]
    """
    settings, progress = settings or Settings(), progress or default_progress()
    opened = open_data(data, options, folds, extra=extra, extra_drop=extra_drop)
    if isinstance(opened, Prepared):
        return opened
    for note in opened.notes:
        progress.note(note)
    how = fold_options(folds)
    problems = Problems()
    check_folds(opened.samples, how, problems, progress)
    problems.raise_all()
    wanted = find_preset(recipe) if isinstance(recipe, str) else recipe
    wanted = resolve_sizes(wanted, median_side_px=median_side(opened.samples))
    return prepare_samples(opened.samples, wanted, how, settings, progress, notes=opened.notes, spare=opened.spare)[0]


def fold_options(folds: int | FoldOptions | None) -> FoldOptions:
    """How to make folds, from their number or from nothing."""
    if isinstance(folds, FoldOptions):
        return folds
    return FoldOptions() if folds is None else FoldOptions(folds=folds)


def open_data(
    source: Data,
    options: ScanOptions | None,
    folds: int | FoldOptions | None,
    *,
    extra: Mapping[str, Extra] | None = None,
    extra_drop: Mapping[str, Sequence[str]] | None = None,
) -> Scan | Prepared:
    """Prepared data as they are; anything else as a scan, with extra data that only train.

    Raises:
        UsageError: If options are given with data that were read, or folds with data that were divided.
        SourceError: If there is nothing to read.
    """
    if isinstance(source, Sequence) and not isinstance(source, str | bytes) and len(source) == 1:
        source = source[0]
    if isinstance(source, str | Path):
        place = Path(source).expanduser()
        if is_prepared(place):
            source = load_prepared(place)
    if not isinstance(source, Prepared):
        found = read_source(source, options)
        return found if not extra and not extra_drop else add_extra(found, extra or {}, options, extra_drop)
    if extra or extra_drop:
        fix = "Prepare the data again, with the extra data."
        raise UsageError("this data is prepared; extra data cannot join it.", field="extra", fix=fix)
    if options is not None and options != ScanOptions():
        raise UsageError(
            "this data is prepared; scan options cannot change it.",
            field="options",
            fix=f"Name the data that it was made from; {advice.option('folds_from')} keeps its folds.",
        )
    names = given_fold_options(fold_options(folds), n_folds=source.folds.n_folds)
    if names:
        raise UsageError(
            f"this data is prepared together with its folds, {source.folds.n_folds} in number.",
            field=names[0],
            fix="Leave out the split options, or prepare the data again.",
        )
    return source
