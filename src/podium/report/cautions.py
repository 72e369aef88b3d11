"""What weakens a score: shown beside it, never in a footnote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from podium.listing import agree, count_of, list_some, part_of
from podium.metrics import TargetScore
from podium.report.contents import RunContents
from podium.report.folds_section import count_divided_groups
from podium.report.gaps import describe_gaps
from podium.report.look_alike_words import warn_of_look_alikes
from podium.report.numbers import plain_count
from podium.report.section import Section
from podium.tables import HOLDOUT
from podium.tables.label_safety import unsafe_for_labels

__all__ = ["Caution", "CautionsSection", "describe_cautions"]

FEW_GROUPS = 30
"""Below this, resampling groups tells little about how they vary."""
FEW_IMAGES = 10
"""Below this, a class's F1 is mostly chance."""
MANY_BROKEN = 0.01
"""Share of images in quarantine above which the top of the report shows it."""


@dataclass(frozen=True)
class Caution:
    """One reason to trust the score less.

    Args:
        name: A short name.
        words: What it is and what it does to the score.
    """

    name: str
    words: str


@dataclass(frozen=True)
class CautionsSection(Section):
    """Every reason to trust the score less, the heaviest first."""

    cautions: tuple[Caution, ...]


def describe_cautions(contents: RunContents) -> CautionsSection:
    """The section; without cautions where nothing weakens the score."""
    return CautionsSection(
        (
            *_about_look_alikes(contents),
            *_about_leaks(contents),
            *_about_selection(contents),
            *_about_augmentations(contents),
            *_about_rows(contents),
            *_about_evaluations(contents),
            *_about_numbers(contents),
        )
    )


def _about_look_alikes(contents: RunContents) -> Iterator[Caution]:
    words = None if contents.scores is None else warn_of_look_alikes(contents.scores, contents.run.path)
    if words is not None:
        yield Caution("Look-alikes on both sides of the split", words)


def _about_leaks(contents: RunContents) -> Iterator[Caution]:
    samples, folds, words = contents.samples, contents.folds, contents.group_words
    if samples is not None and folds is not None:
        n_divided = count_divided_groups(samples, folds)
        if n_divided:
            yield Caution(
                f"{words.capitalize()} are divided",
                f"{plain_count(n_divided)} {words} have images on both sides of a split, so models are evaluated on"
                f" {words} they know. On new {words} the score will be lower, often much lower. Split by group.",
            )
    if contents.leaks is not None and not contents.leaks.is_clean:
        yield Caution("Leaks between folds", f"{contents.leaks.verdict} The score is too good by an unknown amount.")
    for hint in contents.hints:
        yield Caution("A group may be missing", hint)


def _about_selection(contents: RunContents) -> Iterator[Caution]:
    training = contents.recipe.get("training")
    if not isinstance(training, dict):
        return
    is_chosen = training.get("select") == "best"
    if training.get("patience") is not None:
        yield Caution(
            "Stopped by the same folds",
            "training.patience is set: the images that score a fold also decided when its training stopped"
            f"{' and which epoch predicts' if is_chosen else ''}, so the score is a little too good. A fixed number of"
            " epochs does not have this problem.",
        )
    elif is_chosen:
        yield Caution(
            "Chosen on the same folds",
            "training.select is best: each fold's weights were chosen on the images that score them, so the score is"
            " a little too good. select: last does not have this problem.",
        )
    schedule = contents.recipe.get("schedule")
    if isinstance(schedule, dict) and schedule.get("watch") == "score":
        yield Caution(
            "The learning rate followed the same folds",
            "schedule.kind is plateau: the images that score a fold also decided when its learning rate fell, so the"
            " score can be a little too good. schedule.watch: train_loss does not have this problem.",
        )


def _about_augmentations(contents: RunContents) -> Iterator[Caution]:
    items, samples = contents.recipe.get("augmentations"), contents.samples
    if samples is None or samples.task is None or not isinstance(items, list):
        return
    for head in samples.task.heads:
        for said in unsafe_for_labels([item for item in items if isinstance(item, dict)], head.classes):
            yield Caution("An augmentation may change labels", said)


def _about_rows(contents: RunContents) -> Iterator[Caution]:
    samples, folds, oof = contents.samples, contents.folds, contents.oof
    if samples is not None and folds is not None and oof is not None:
        n_wanted = int((folds.fold >= 0).sum())
        if len(oof) < n_wanted:
            evaluated = sorted(set(oof.fold.tolist()))
            yield Caution(
                "Not all images are evaluated",
                f"{part_of(len(oof), n_wanted, 'image', 'is', 'are')} evaluated: only"
                f" {_list_folds(evaluated, folds.n_folds)}.",
            )
    if folds is not None and folds.n_folds == 1:
        yield Caution("A single split", "There is one train and valid split; another split would give another score.")
    elif oof is not None and len(set(oof.fold.tolist())) == 1 and folds is not None:
        yield Caution("A single fold", "One model is evaluated. Train the other folds to evaluate every image once.")
    if folds is not None and (folds.fold == HOLDOUT).any():
        n_holdout = int((folds.fold == HOLDOUT).sum())
        yield Caution(
            "A holdout set is set aside", f"{count_of(n_holdout, 'image is', 'images are')} not part of this score."
        )


def _about_evaluations(contents: RunContents) -> Iterator[Caution]:
    most = max((item.number for item in contents.evaluations if item.kind == "holdout"), default=0)
    if most > 1:
        yield Caution(
            "The holdout was looked at before",
            f"It was scored {count_of(most, 'time')}, over all runs in the folder. Whoever chooses by it needs another"
            " one: a score that was chosen among several is too good.",
        )


def _list_folds(numbers: list[int], n_folds: int) -> str:
    if len(numbers) == 1:
        return f"fold {numbers[0]} of {n_folds} is trained"
    return f"{part_of(len(numbers), n_folds, 'fold', 'is', 'are')} trained"


def _about_numbers(contents: RunContents) -> Iterator[Caution]:
    scores = contents.scores
    if scores is not None:
        yield from (Caution(gap.name, gap.words) for gap in describe_gaps(scores))
        main = scores.targets[scores.main_target]
        if main.n_groups < FEW_GROUPS:
            kind = contents.group_words if main.n_groups < main.n else f"{contents.unit}s"
            yield Caution(
                f"Few {contents.group_words}",
                f"Only {main.n_groups} {kind} were drawn. With fewer than {FEW_GROUPS} the interval itself is rough,"
                " and likely too narrow.",
            )
        yield from _about_classes(main, contents.group_words, contents.unit)
    n_broken = len(next(iter(contents.quarantine.values()), []))
    if contents.samples is not None and n_broken > MANY_BROKEN * (len(contents.samples) + n_broken):
        yield Caution(
            "Broken images", f"{count_of(n_broken, 'image cannot', 'images cannot')} be decoded and are left out."
        )
    yield from _about_sure_labels(contents)
    emptied = contents.audit.get("emptied_classes") or ()
    if emptied:
        yield Caution("Emptied classes", f"No image of {list_some(emptied, most=5)} can be decoded.")


def _about_sure_labels(contents: RunContents) -> Iterator[Caution]:
    samples = contents.samples
    if samples is None or samples.task is None:
        return
    for head in samples.task.heads:
        if not head.is_multi:
            continue
        labels = samples.labels[head.name]
        has_only_yes = (labels == 1).any(axis=0) & ~(labels == 0).any(axis=0)
        sure = [name for name, is_sure in zip(head.classes, has_only_yes.tolist(), strict=True) if is_sure]
        if sure:
            yield Caution(
                "Labels without a no",
                f"No image is known to lack {list_some(sure, most=4)} of {head.name}, so the models say yes to all,"
                " their F1 says nothing, and it lifts the average. Write 0 where an empty cell means no.",
            )


def _about_classes(target: TargetScore, group_words: str, unit: str) -> Iterator[Caution]:
    is_grouped = any(0 < item.n_groups < item.n for item in target.per_class)
    size = {item.name: item.n_groups if is_grouped else item.n for item in target.per_class if item.n}
    rare = sorted((name for name in size if size[name] < FEW_IMAGES), key=size.__getitem__)
    if not rare:
        return
    kind = group_words if is_grouped else f"{unit}s"
    first = list_some((f"{name} ({size[name]})" for name in rare), most=4)
    yield Caution(
        "Rare classes",
        f"{part_of(len(rare), len(target.per_class), 'class', 'has', 'have')} fewer than {FEW_IMAGES} {kind}: {first}."
        f" {agree(len(rare), 'Its', 'Their')} F1 is mostly chance, and it weighs as much as"
        " any other in a macro average.",
    )
