"""How a folder or table is to be read. Every field is plain data, so a command line can offer it as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from podium.advice import option, options
from podium.arguments import strict_fields, tidy_texts
from podium.errors import UnknownNameError, UsageError
from podium.tables import IMAGE_EXTENSIONS, SPLIT_NAMES
from podium.texttable import Table, as_table, column_name

__all__ = ["IMAGE_EXTENSIONS", "LEFT_OUT", "BagLabels", "Duplicates", "LabelKind", "Layout", "ScanOptions"]

LEFT_OUT = "none"
"""What a user calls the split of folders or rows that are not used."""

Layout = Literal["auto", "folders", "table", "pattern"]
LabelKind = Literal["auto", "single", "multi", "votes", "annotators"]
Duplicates = Literal["error", "first", "drop"]
BagLabels = Literal["agree", "any"]


@strict_fields
@dataclass(frozen=True)
class ScanOptions:
    """Everything that `scan` would otherwise guess.

    Args:
        layout: "folders" (a folder per class), "table", "pattern", or "auto": the pattern if one is given, else the
            table if one is given or lies in the folder, else the folders.
        labels: Table of labels: CSV, TSV, JSON Lines or Parquet; or a DataFrame.
        image_column: Column of the table that names the image, or a folder of images.
        label_columns: Columns or pattern fields to learn. Several 0/1 columns are one multi-label head, several
            other columns a head each.
        label_kind: "multi" reads every label column as a set, "single" as one class a column; "votes" reads columns as
            counts or shares of votes, a class a column, and "annotators" as one person's labels a column.
        label_delim: What divides the labels in a cell of a multi-label list column.
        head_name: Name of the head made from folders ("label") or from 0/1 columns ("labels").
        group: What must not be divided between train and valid: a column, a pattern field, "folder" for the folder
            the image lies in, a regular expression with one pair of brackets, searched in the id, or "none".
        group_from: The same by other means, as `podium.audit` proposes them: "exif" (bursts by the time in the photos,
            at most 60 s apart, or "exif:5"), "camera" (make, model and serial number), "folder", a column, a column of
            times ("taken:60"), "chains" (duplicates alone, and no column is guessed), or "clusters:runs/NAME"
            (look-alikes that a run found).
        split_column: Column that says train, valid or test, or "none" to follow none.
        split_names: What folder names and cells of the split column mean: {"extra": "train", "2": "test"}; "none"
            leaves them out. Usual words (train, val, dev, test, ...) are known.
        fold_column: Column with each image's fold, where you have folds of your own: any numbers or names. An image
            whose cell is empty or -1 trains in every fold.
        domain: Column or pattern field with the hospital, camera or country of each image: folds then leave one out
            each, and every domain has a score of its own.
        time_column: Column with the time of each image: the holdout are then the latest ones.
        answer_per: What one answer is for where that is several images (a patient, a product, a video): a column, a
            pattern field, "folder", or a regular expression as for `group`. Folds keep such a bag whole, and scores,
            intervals and submissions count bags.
        bag_labels: "agree" refuses multi-label bags whose images differ; with "any" a bag has each label that one of
            its images has.
        weight_column: Column with the weight of each image's loss in training: numbers of at least 0.
        pattern: Description of the paths, such as "{id}_{gender}_{race}_{age:int}/{mask}*".
        classes: Class names of a head in their order. An unlisted name is then an error.
        bins: Borders that turn a number into classes: {"age": (30, 60)} gives <30, 30-59 and >=60.
        ordinal: Heads whose classes are in order, low to high: classes that are numbers, or `classes` gives the order.
        composite: Formula of a class number, such as "mask*6 + gender*3 + age", or "auto".
        composite_column: Column that holds the contest's own class number, to check the formula against.
        missing_values: Cells that mean "not known", besides empty ones. None but empty by default: "NA" may be a class.
        merge_spellings: Take classes that differ only in letter case, spaces or number format for one, in the spelling
            that is most frequent or that `classes` gives.
        duplicates: What happens to an image with several rows in the table: "error", "first" keeps the first row,
            "drop" leaves the image out.
        unlabelled: Take no labels at all (a test set).
        allow_missing_files: Drop rows whose image is not there; otherwise an error.
        allow_unmatched: Drop files that do not match the pattern; otherwise an error.
        delimiter: Character between two cells; sniffed when None.
        encoding: Encoding of the table; found out when None.
        header: Whether the first row of the table names its columns. Else they are called `column_1`, `column_2` and so
            on, and may be named by their numbers.
        extensions: Endings of image files without the dot, in any case; "*" takes every file.
        follow_links: Follow links to folders outside of the source.
        corrections: Table of corrections to lay over the labels (image, head, old, new; who, why, when), or a
            DataFrame. The data themselves stay as they are.
        regions: Table of boxes in the images (image, region, x0, y0, x1, y1), or a DataFrame; a recipe uses them by
            `image.region`.
    """

    layout: Layout = "auto"
    labels: Path | Table | None = None
    image_column: str | None = None
    label_columns: tuple[str, ...] = ()
    label_kind: LabelKind = "auto"
    label_delim: str | None = None
    head_name: str | None = None
    group: str | None = None
    group_from: str | None = None
    split_column: str | None = None
    split_names: Mapping[str, str] = field(default_factory=dict)
    fold_column: str | None = None
    weight_column: str | None = None
    domain: str | None = None
    time_column: str | None = None
    answer_per: str | None = None
    bag_labels: BagLabels = "agree"
    pattern: str | None = None
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bins: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    ordinal: tuple[str, ...] = ()
    composite: str | None = None
    composite_column: str | None = None
    missing_values: tuple[str, ...] = ()
    merge_spellings: bool = False
    duplicates: Duplicates = "error"
    unlabelled: bool = False
    allow_missing_files: bool = False
    allow_unmatched: bool = False
    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    extensions: tuple[str, ...] = IMAGE_EXTENSIONS
    follow_links: bool = False
    corrections: Path | Table | None = None
    regions: Path | Table | None = None

    def __post_init__(self) -> None:
        tidy_texts(self)
        object.__setattr__(self, "labels", as_table(self.labels))  # from Python also plain text, or a DataFrame
        object.__setattr__(self, "corrections", as_table(self.corrections, field="corrections", may_be_empty=True))
        object.__setattr__(self, "regions", as_table(self.regions, field="regions"))
        object.__setattr__(self, "split_names", _read_split_names(self.split_names))
        if self.layout not in get_args(Layout):
            raise UnknownNameError("layout", self.layout, get_args(Layout), field="layout")
        if self.label_kind not in get_args(LabelKind):
            raise UnknownNameError("label kind", self.label_kind, get_args(LabelKind), field="label_kind")
        if self.duplicates not in get_args(Duplicates):
            raise UnknownNameError("way with duplicates", self.duplicates, get_args(Duplicates), field="duplicates")
        if self.bag_labels not in get_args(BagLabels):
            raise UnknownNameError("rule for bags", self.bag_labels, get_args(BagLabels), field="bag_labels")
        if self.bag_labels != "agree" and self.answer_per is None:
            fix = f"Name what one answer is for with {option('answer_per')}, or leave it out."
            raise UsageError("has no effect without bags.", field="bag_labels", fix=fix)
        if self.layout == "pattern" and self.pattern is None:
            raise UsageError(
                "layout 'pattern' needs a pattern.", fix=f"Give one, such as {options(pattern='{person}/{mask}*')}."
            )
        if self.pattern is not None and self.labels is not None:
            raise UsageError(
                "both a pattern and a table of labels were given.",
                fix=f"Give either {option('pattern')} or {option('labels')}.",
            )
        if self.layout == "folders" and self.labels is not None:
            raise UsageError(
                f"layout 'folders' reads no table, but you named one: {self.labels}.",
                fix=f"Name only the folder, or leave out {option('layout')}.",
            )
        if not self.header and (self.pattern is not None or self.layout == "folders"):
            raise UsageError("only a table can lack a header.", fix=f"Name the table with {option('labels')}.")
        if self.label_delim == "" or self.delimiter == "":
            raise UsageError(
                "a delimiter cannot be empty.", field="label_delim" if self.label_delim == "" else "delimiter"
            )

    def with_named_columns(self) -> ScanOptions:
        """The options with columns called as the table spells them: in NFC, and by name where a number stood for one.

        Example:
            >>> ScanOptions(header=False, image_column="1", label_columns=("2",)).with_named_columns().label_columns
            ('column_2',)
        """

        def name_of(column: str) -> str:
            return column_name(column, header=self.header)

        return replace(
            self,
            image_column=None if self.image_column is None else name_of(self.image_column),
            label_columns=tuple(map(name_of, self.label_columns)),
            group=None if self.group is None else name_of(self.group),
            group_from=None if self.group_from is None else name_of(self.group_from),
            split_column=None if self.split_column is None else name_of(self.split_column),
            fold_column=None if self.fold_column is None else name_of(self.fold_column),
            weight_column=None if self.weight_column is None else name_of(self.weight_column),
            domain=None if self.domain is None else name_of(self.domain),
            time_column=None if self.time_column is None else name_of(self.time_column),
            answer_per=None if self.answer_per is None else name_of(self.answer_per),
            classes={name_of(column): names for column, names in self.classes.items()},
            bins={name_of(column): borders for column, borders in self.bins.items()},
            ordinal=tuple(map(name_of, self.ordinal)),
            composite_column=None if self.composite_column is None else name_of(self.composite_column),
        )


def _read_split_names(given: Mapping[str, str]) -> dict[str, str]:
    """Names with their split as train, valid, test or none."""
    meant = {}
    for name, split in given.items():
        word = str(split).strip().lower()
        if word not in (*SPLIT_NAMES, LEFT_OUT):
            raise UnknownNameError("split", str(split), ("train", "valid", "test", LEFT_OUT), field="split_names")
        meant[str(name)] = SPLIT_NAMES.get(word, word)
    return meant
