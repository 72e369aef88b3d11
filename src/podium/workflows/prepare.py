"""What `podium split` does, and `podium train` first: data read, decoded, audited, divided, checked for leaks."""

from __future__ import annotations

from pathlib import Path

from podium.curate import Scan, ScanOptions
from podium.dataset import FoldOptions, Source, read_source
from podium.dataset.prepare import check_folds, prepare_samples
from podium.dataset.prepared import Prepared, is_prepared, load_prepared
from podium.dataset.ready_images import median_side
from podium.errors import UsageError
from podium.machine import Progress, Settings, Silent
from podium.recipe import Recipe, find_preset, resolve_sizes

__all__ = ["Data", "open_data", "prepare"]

Data = Source | Prepared
"""A folder of images, a table, a scan, samples; or data that are prepared, also a folder of such."""


def prepare(
    source: Data,
    *,
    folds: int | FoldOptions | None = None,
    options: ScanOptions | None = None,
    recipe: str | Recipe = "baseline",
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Data made ready once for any number of recipes: scanned, decoded, audited, divided into folds, checked for leaks.

    `podium.train` takes the result, or the folder it was saved in, and starts training at once.

    Args:
        source: A folder, a table, a saved scan, or samples.
        folds: Their number (default: 5), or how to make them.
        options: How to read a folder or table.
        recipe: A preset or recipe whose image size the images are decoded at. A recipe with another size decodes them
            once more, and repeats nothing else.
        settings: Places, machine and limits.
        progress: Reports what is going on.

    Raises:
        UsageError: If an option is wrong.
        DataError: If the data cannot be used, or the folds leak.

    Example:
        data = podium.prepare("photos", folds=5)
        data.save("prepared")
        runs = [podium.train(data, preset=preset) for preset in ("baseline", "quick")]
    """
    settings, progress = settings or Settings(), progress or Silent()
    data = open_data(source, options, folds)
    if isinstance(data, Prepared):
        return data
    for note in data.notes:
        progress.note(note)
    how = fold_options(folds)
    check_folds(data.samples, how)
    wanted = find_preset(recipe) if isinstance(recipe, str) else recipe
    wanted = resolve_sizes(wanted, median_side_px=median_side(data.samples))
    return prepare_samples(data.samples, wanted, how, settings, progress, notes=data.notes)[0]


def fold_options(folds: int | FoldOptions | None) -> FoldOptions:
    """How to make folds, from their number or from nothing."""
    if isinstance(folds, FoldOptions):
        return folds
    return FoldOptions() if folds is None else FoldOptions(n_folds=folds)


def open_data(source: Data, options: ScanOptions | None, folds: int | FoldOptions | None) -> Scan | Prepared:
    """Prepared data as they are; anything else as a scan.

    Raises:
        UsageError: If options are given with data that were read, or folds with data that were divided.
        SourceError: If there is nothing to read.
    """
    if isinstance(source, str | Path):
        place = Path(source).expanduser()
        if is_prepared(place):
            source = load_prepared(place)
    if not isinstance(source, Prepared):
        return read_source(source, options)
    if options is not None and options != ScanOptions():
        raise UsageError("these data are prepared; options of the scan cannot change them.")
    if folds is not None:
        raise UsageError("these data are prepared with their folds.", fix="Leave the options of the folds out.")
    return source
