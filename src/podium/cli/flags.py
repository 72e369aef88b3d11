"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.errors import UsageError

if TYPE_CHECKING:
    from podium.curate import ScanOptions
    from podium.dataset import FoldOptions
    from podium.machine import Settings

__all__ = ["Flag", "FoldFlags", "Json", "MachineFlags", "Many", "Quiet", "ScanFlags", "read_assignments"]

Json = Annotated[bool, Parameter(name="--json", negative="")]
"""Print one JSON document instead of text."""
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")]
"""No progress and no notes."""
Many = Parameter(consume_multiple=True, negative="")
Flag = Parameter(negative="")


@Parameter(name="*")
@dataclass(frozen=True)
class ScanFlags:
    """How the data are read; everything left out is guessed, and the guess is shown.

    Args:
        labels: Table of labels: CSV, TSV, JSON Lines or Parquet.
        image_column: Column that names the image, or a folder of images.
        label: Columns or pattern fields to learn; several are several attributes, 0/1 columns one multi-label head.
        label_kind: "multi" reads label columns as sets, "single" as one class a column.
        label_delim: What divides the labels in a cell of a list column.
        group: What stays on one side of a split: a column, a field, "folder", a regular expression with a (), or none.
        split_column: Column that says train, valid or test.
        pattern: Paths described, such as '{id}_{gender}_{race}_{age:int}/{mask}*'.
        classes: Class order of a head: 'mask=worn,wrong,none'.
        bins: Borders that turn a number into classes: 'age=30,60'.
        ordinal: Heads whose classes are in order: numbers such as grades 0 to 4, or in the order of --classes.
        composite: Class number: 'mask*6 + gender*3 + age', or auto.
        composite_column: Column with the contest's own class number, to check the formula against.
        missing: Cells that mean "not known", besides empty ones, such as NA.
        layout: auto, folders, table or pattern.
        allow_missing_files: Drop rows whose image is not there.
        allow_unmatched: Drop files that do not match the pattern.
        delimiter: Character between two cells of the table.
        encoding: Encoding of the table, such as cp949.
        header: Whether the first row names the columns; else they are named by number, such as --label 2.
        extensions: Endings of image files, such as jpg png; "*" takes every file.
    """

    labels: Path | None = None
    image_column: str | None = None
    label: Annotated[
        tuple[str, ...], Parameter(name=["--label", "--label-columns"], consume_multiple=True, negative="")
    ] = ()
    label_kind: str = "auto"
    label_delim: str | None = None
    group: str | None = None
    split_column: str | None = None
    pattern: str | None = None
    classes: Annotated[tuple[str, ...], Many] = ()
    bins: Annotated[tuple[str, ...], Many] = ()
    ordinal: Annotated[tuple[str, ...], Many] = ()
    composite: str | None = None
    composite_column: str | None = None
    missing: Annotated[
        tuple[str, ...], Parameter(name=["--missing", "--missing-values"], consume_multiple=True, negative="")
    ] = ()
    layout: str = "auto"
    allow_missing_files: Annotated[bool, Flag] = False
    allow_unmatched: Annotated[bool, Flag] = False
    delimiter: str | None = None
    encoding: str | None = None
    header: Annotated[bool, Parameter(negative="--no-header")] = True
    extensions: Annotated[tuple[str, ...], Many] = ()

    def as_options(self) -> ScanOptions:
        """The options of `podium.scan`."""
        from podium.curate import IMAGE_EXTENSIONS, ScanOptions

        bins = {head: tuple(map(_number, names)) for head, names in read_assignments("--bins", self.bins).items()}
        return ScanOptions(
            layout=self.layout,  # type: ignore[arg-type]
            labels=self.labels,
            image_column=self.image_column,
            label_columns=self.label,
            label_kind=self.label_kind,  # type: ignore[arg-type]
            label_delim=self.label_delim,
            group=self.group,
            split_column=self.split_column,
            pattern=self.pattern,
            classes=read_assignments("--classes", self.classes),
            bins=bins,
            ordinal=self.ordinal,
            composite=self.composite,
            composite_column=self.composite_column,
            missing_values=self.missing,
            allow_missing_files=self.allow_missing_files,
            allow_unmatched=self.allow_unmatched,
            delimiter=self.delimiter,
            encoding=self.encoding,
            header=self.header,
            extensions=self.extensions or IMAGE_EXTENSIONS,
        )


@Parameter(name="*")
@dataclass(frozen=True)
class FoldFlags:
    """How samples are divided.

    Args:
        folds: Number of folds.
        split_method: auto, stratified, group, stratified_group, multilabel, multilabel_group, predefined or random.
        split_seed: Seed of the division.
        stratify_by: Head whose classes every fold gets its share of.
        holdout: Share of the samples that no model sees.
        folds_from: Folder of frozen folds to use: a run's, or one that `podium split` wrote.
        group_duplicates: Put equal files and near duplicates in one group before dividing.
        allow_rare: Allow classes with fewer samples than folds.
        allow_leaks: Kinds of leak that are known and accepted: same_group, same_bytes, near_duplicate.
    """

    folds: int = 5
    split_method: str = "auto"
    split_seed: int = 0
    stratify_by: str | None = None
    holdout: float = 0.0
    folds_from: Path | None = None
    group_duplicates: Annotated[bool, Flag] = False
    allow_rare: Annotated[bool, Flag] = False
    allow_leaks: Annotated[tuple[str, ...], Many] = ()

    def as_options(self) -> FoldOptions:
        """The options of `podium.train`."""
        from podium.dataset import FoldOptions

        return FoldOptions(
            n_folds=self.folds,
            method=self.split_method,  # type: ignore[arg-type]
            seed=self.split_seed,
            holdout_fraction=self.holdout,
            target=self.stratify_by,
            allow_rare=self.allow_rare,
            allow_leaks=self.allow_leaks,
            group_duplicates=self.group_duplicates,
            frozen=self.folds_from,
        )


@Parameter(name="*")
@dataclass(frozen=True)
class MachineFlags:
    """Where the work is done and kept; nothing here changes a score.

    Args:
        runs: Folder of all runs.
        cache: Folder of decoded images and features; <runs>/.cache when left out.
        device: auto, cpu, cuda or mps.
        threads: Threads; every core when left out.
    """

    runs: Path = Path("runs")
    cache: Path | None = None
    device: str = "auto"
    threads: int | None = None

    def as_settings(
        self, *, max_bad: float = 0.01, checkpoint_every: float = 60.0, cloud_drive: bool = False, processes: int = 1
    ) -> Settings:
        """The settings of the workflows.

        Args:
            max_bad: Largest fraction of images that may be impossible to decode.
            checkpoint_every: Seconds between two checkpoints.
            cloud_drive: Whether checkpoints are overwritten in place.
            processes: Processes that train at the same time.
        """
        from podium.machine import Settings

        return Settings(
            runs=self.runs,
            cache=self.cache,
            device=self.device,
            threads=self.threads,
            checkpoint_every_s=checkpoint_every,
            cloud_drive=cloud_drive,
            processes=processes,
            max_bad_fraction=max_bad,
        )


def read_assignments(option: str, lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Lines "name=a,b,c" as a mapping.

    Raises:
        UsageError: If a line has no "=" or no values.

    Example:
        >>> read_assignments("--classes", ["mask=worn,wrong,none"])
        {'mask': ('worn', 'wrong', 'none')}
    """
    found = {}
    for line in lines:
        name, _, values = line.partition("=")
        parts = tuple(part.strip() for part in values.split(","))
        if not name or not all(parts):
            raise UsageError(f"cannot read {option} {line!r}.", fix=f"Write {option} name=first,second.")
        found[name] = parts
    return found


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{text!r} in --bins is not a number.") from None
    return int(value) if value.is_integer() else value
