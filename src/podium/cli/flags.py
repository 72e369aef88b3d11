"""Options that several commands share, in the groups that `--help` shows them in.

Every option has one name: `--label-columns` here is `label_columns` in Python, in the options' field and in messages.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from podium.cli.choices import (
    BagLabels,
    Duplicates,
    LabelKind,
    Layout,
    LeakKind,
    Metric,
    Policy,
    Pool,
    Preset,
    SplitMethod,
)
from podium.cli.words import read_assignments, read_numbers, read_pairs
from podium.errors import UsageError

if TYPE_CHECKING:
    from podium.curate import ScanOptions
    from podium.dataset import FoldOptions
    from podium.machine import Settings

__all__ = [
    "DATA",
    "MACHINE",
    "OUTPUT",
    "RECIPE",
    "RECIPE_KEYS",
    "RUN",
    "SAMPLE",
    "ExtraFlags",
    "FoldFlags",
    "MachineFlags",
    "Many",
    "OutputFlags",
    "RecipeFlags",
    "ResultFlags",
    "ScanFlags",
    "Switch",
]

RUN, DATA, SAMPLE, SPLIT, RECIPE, MACHINE, OUTPUT = (
    Group(name, sort_key=place)
    for place, name in enumerate(("Run", "Data", "Sample submission", "Split", "Recipe", "Machine", "Output"))
)
Many = Parameter(consume_multiple=True, negative="")
"""An option that takes several words: --classes mask=worn,none sex=m,f."""
Switch = Annotated[bool, Parameter(negative="")]
"""An option without a value."""


@Parameter(name="*", group=DATA)
@dataclass(frozen=True)
class ScanFlags:
    """How the data is read. Podium guesses what you leave out, and shows its guesses.

    Args:
        labels: Table of labels: CSV, TSV, JSON Lines or Parquet.
        image_column: Table column with the image's file name or path, or with a folder of images.
        label_columns: Columns or pattern fields to learn. Several make a multi-attribute task; 0/1 columns make one
            multi-label head.
        label_kind: Read label columns as one class per cell (single), as sets of labels (multi), as counts or shares of
            votes, a class a column (votes), or as one person's labels a column (annotators).
        label_delim: Delimiter between the labels in one cell of a list column.
        group: What must stay on one side of a split: a column, a pattern field, "folder", a regular expression with
            one (), or "none".
        group_from: The same by other means: exif (bursts of photos at most 60 s apart; exif:5), camera, folder, a
            column, a column of times (taken:60), chains (near-duplicates and mirror images alone), or
            clusters:runs/NAME (look-alikes that a run found).
        split_column: Column that says train, valid or test, or "none" to follow none.
        split_names: What folder names and cells of the split column mean: extra=train 2=test; none leaves them out. An
            empty cell has no name: =valid.
        fold_column: Column with each image's fold, where you have folds of your own: any numbers or names. An image
            whose cell is empty or -1 trains in every fold.
        domain: Column or pattern field with the hospital, camera or country of each image: folds leave one out each,
            and every domain has a score of its own. --folds packs several into one fold.
        time_column: Column with the time of each image: --holdout-fraction holds out the latest ones.
        answer_per: What one answer is for where that is several images (a patient, a product, a video): a column, a
            pattern field, "folder", or a regular expression with one (). Folds keep such a bag whole, and scores,
            intervals and submissions count bags. --pool says how its images become one answer.
        bag_labels: Whether multi-label bags whose images differ are refused (agree), or a bag has each label that one
            of its images has (any).
        weight_column: Column with the weight of each image's loss in training: numbers of at least 0.
        pattern: Description of the paths, such as '{id}_{gender}_{race}_{age:int}/{mask}*'.
        classes: Class order of a head: 'mask=worn,wrong,none'.
        bins: Borders that turn a number into classes: 'age=30,60'.
        ordinal: Heads whose classes are in order: grades such as 0 to 4, or the order of --classes.
        composite: Formula of the contest's class number, such as 'mask*6 + gender*3 + age', or auto.
        composite_column: Column with the contest's class number, to check the formula against.
        missing_values: Cells that mean "not known", besides empty ones, such as NA.
        merge_spellings: Take classes that differ only in letter case, spaces or number format for one.
        duplicates: What happens to an image with several rows in the table: an error, the first row is kept, or the
            image is left out.
        head_name: Name of the head that folders or 0/1 columns make.
        layout: Where the labels are: a folder per class, a table, or a path pattern.
        allow_missing_files: Drop rows whose image does not exist.
        allow_unmatched: Drop files that do not match the pattern.
        delimiter: Delimiter between two cells of the table.
        encoding: Text encoding of the table, such as cp949.
        header: Whether the first row names the columns. Without a header, columns have numbers: --label-columns 2.
        extensions: File extensions of images, such as jpg png; "*" takes every file.
        follow_links: Follow links to folders outside of the source.
        corrections: Table of corrections to lay over the labels: image, head, old, new (or drop), who, why, when. The
            data themselves stay as they are.
        regions: Table of boxes in the images: image, region, x0, y0, x1, y1 (podium regions writes one); --set
            image.region=face uses them.
    """

    labels: Path | None = None
    image_column: str | None = None
    label_columns: Annotated[tuple[str, ...], Many] = ()
    label_kind: LabelKind = "auto"
    label_delim: str | None = None
    group: str | None = None
    group_from: str | None = None
    split_column: str | None = None
    split_names: Annotated[tuple[str, ...], Many] = ()
    fold_column: str | None = None
    weight_column: str | None = None
    domain: str | None = None
    time_column: str | None = None
    answer_per: str | None = None
    bag_labels: BagLabels = "agree"
    pattern: str | None = None
    classes: Annotated[tuple[str, ...], Many] = ()
    bins: Annotated[tuple[str, ...], Many] = ()
    ordinal: Annotated[tuple[str, ...], Many] = ()
    composite: str | None = None
    composite_column: str | None = None
    missing_values: Annotated[tuple[str, ...], Many] = ()
    merge_spellings: Switch = False
    duplicates: Duplicates = "error"
    head_name: str | None = None
    layout: Layout = "auto"
    allow_missing_files: Switch = False
    allow_unmatched: Switch = False
    delimiter: str | None = None
    encoding: str | None = None
    header: Annotated[bool, Parameter(negative="--no-header")] = True
    extensions: Annotated[tuple[str, ...], Many] = ()
    follow_links: Switch = False
    corrections: Path | None = None
    regions: Path | None = None

    def as_options(self) -> ScanOptions:
        """The options of `podium.scan`."""
        from podium.curate import IMAGE_EXTENSIONS, ScanOptions

        given = _values(self) | {
            "classes": read_assignments("--classes", self.classes),
            "bins": read_numbers("--bins", self.bins),
            "split_names": read_pairs("--split-names", self.split_names, "extra=train", may_lack_name=True),
            "extensions": self.extensions or IMAGE_EXTENSIONS,
        }
        return ScanOptions(**given)


@Parameter(name="*", group=DATA)
@dataclass(frozen=True)
class ExtraFlags:
    """Data that only train.

    Args:
        extra: Data that only train and are never judged, by a name of your choice: web=photos/web, or with the weight
            of its images web=photos/web:0.5. An image that is like a judged one does not train in its fold.
        extra_drop: Classes of extra data to leave out: web=rat,bird; web=* for all that the task does not have.
    """

    extra: Annotated[tuple[str, ...], Many] = ()
    extra_drop: Annotated[tuple[str, ...], Many] = ()

    def as_arguments(self) -> dict[str, Any]:
        """The arguments of `podium.train`, `podium.prepare` and `podium.scan`."""
        from podium.dataset.extra import read_words

        return {"extra": read_words(self.extra), "extra_drop": read_assignments("--extra-drop", self.extra_drop)}


@Parameter(name="*", group=SPLIT)
@dataclass(frozen=True)
class FoldFlags:
    """How samples are divided.

    Args:
        folds: Number of folds (default: 5).
        split_method: How samples are divided; auto keeps groups together and every class balanced.
        split_seed: Random seed of the split.
        stratify_by: Head whose classes are balanced over the folds (default: the main target).
        holdout_fraction: Fraction of the samples that no model sees, for a final check.
        folds_from: Use the folds of this folder: a run's, or one that podium split wrote.
        strict: Stop at duplicates and at classes with fewer samples or groups than folds. Without it, duplicates are
            kept on one side of the split, and a rare class is validated in the folds that have it.
        allow_leaks: Kinds of leak to accept.
    """

    folds: int | None = None
    split_method: SplitMethod = "auto"
    split_seed: int = 0
    stratify_by: str | None = None
    holdout_fraction: float = 0.0
    folds_from: Path | None = None
    strict: Switch = False
    allow_leaks: Annotated[tuple[LeakKind, ...], Many] = ()

    def as_options(self) -> FoldOptions:
        """The options of `podium.train`."""
        from podium.dataset import FoldOptions

        return FoldOptions(**_values(self))


RECIPE_KEYS = {
    "model": "model.name",
    "teacher": "distill.teacher",
    "epochs": "training.epochs",
    "lr": "optimizer.lr",
    "image_size": "image.size_px",
    "batch_size": "training.batch_size",
    "augment": "augmentations",
    "pool": "pool",
}
"""Options that are short for a recipe key."""


@Parameter(name="*", group=RECIPE)
@dataclass(frozen=True)
class RecipeFlags:
    """What is trained, and how. The order of precedence is option, recipe file, preset.

    Args:
        preset: baseline trains linear heads on a frozen backbone (seconds to minutes), quick fine-tunes the last
            blocks, finetune all but the first ones, strong a larger network on larger, mixed images; contest-f and
            contest-l follow the best entries of two contests (default: baseline).
        recipe: Recipe file to start from instead of a preset.
        overrides: Recipe keys to change: --set training.epochs=20 optimizer.lr=3e-4. docs/recipes.md lists them all.
        model: Backbone, by its timm name; short for --set model.name=NAME.
        epochs: Passes over the training images; short for --set training.epochs=N.
        lr: Peak learning rate; short for --set optimizer.lr=X.
        image_size: Size of the model's input in pixels: one side, or height and width (--image-size 280 210); short for
            --set image.size_px=N.
        batch_size: Images per step; short for --set training.batch_size=N.
        augment: Policy of augmentations: none, light, medium, strong, faces, letters or aerial; short for --set
            augmentations=NAME.
        teacher: Finished runs whose answers are learnt beside the labels (distillation), on the same folds; short for
            --set distill.teacher=RUN.
        hierarchy: Table with the columns class and parent: parent classes are learnt too, with the weight
            loss.parent_weight.
        metric: Primary metric (default: macro F1; macro average precision for multi-label).
        pool: With --answer-per: how the images of a bag become one answer (default: mean); short for --set pool=NAME.
        seed: Random seed of training (default: the recipe's, 0 in every preset).
        parts: Python file that registers losses, metrics and detectors of your own; the environment variable
            PODIUM_PARTS names it for every command.
    """

    preset: Preset | None = None
    recipe: Path | None = None
    overrides: Annotated[tuple[str, ...], Parameter(name=["--set", "-s"], consume_multiple=True, negative="")] = ()
    model: str | None = None
    epochs: int | None = None
    lr: float | None = None
    image_size: Annotated[tuple[int, ...], Many] = ()
    batch_size: int | None = None
    augment: Policy | None = None
    teacher: Annotated[tuple[str, ...], Many] = ()
    hierarchy: Path | None = None
    metric: Metric | None = None
    pool: Pool | None = None
    seed: int | None = None
    parts: Path | None = None

    def as_overrides(self) -> tuple[str, ...]:
        """Lines "key.path=value" of `--set` and of the options that are short for one.

        Raises:
            UsageError: If an option and `--set` give the same key.
        """
        lines = []
        for name, key in RECIPE_KEYS.items():
            value = getattr(self, name)
            if value is None or value == ():
                continue
            if any(line.partition("=")[0].strip() == key for line in self.overrides):
                flag = "--" + name.replace("_", "-")
                raise UsageError(f"{flag} and --set {key}=... set the same key.", fix="Leave one of them out.")
            sides = value if isinstance(value, tuple) else (value,)
            is_list = len(sides) > 1 or name == "teacher"  # a run may be called 007
            lines.append(f"{key}={list(sides) if is_list else sides[0]}")
        return (*lines, *self.overrides)


@Parameter(name="*", group=MACHINE)
@dataclass(frozen=True)
class MachineFlags:
    """Where the work is done and kept. Nothing here changes a score.

    Args:
        runs: Folder of all runs.
        cache: Folder of decoded images and features (default: RUNS/.cache).
        device: Device: auto, cpu, cuda, cuda:1, ... or mps.
        threads: CPU threads (default: all cores).
    """

    runs: Path = Path("runs")
    cache: Path | None = None
    device: str = "auto"
    threads: int | None = None

    def as_settings(self, **more: Any) -> Settings:
        """The settings of the workflows.

        Args:
            **more: Further fields of `podium.Settings`, where a command offers them.
        """
        from podium.machine import Settings

        return Settings(**_values(self), **more)


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class ResultFlags:
    """What a command prints that makes neither progress nor notes.

    Args:
        json: Print one JSON document on standard output instead of text.
        verbose: On an error, also print its cause and the traceback.
    """

    json: Switch = False
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], negative="")] = False


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class OutputFlags:
    """What a command prints.

    Args:
        json: Print one JSON document on standard output instead of text.
        quiet: Print no progress, and of the notes only cautions.
        verbose: On an error, also print its cause and the traceback.
    """

    json: Switch = False
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], negative="")] = False


def _values(flags: Any) -> dict[str, Any]:
    return {item.name: getattr(flags, item.name) for item in fields(flags)}
