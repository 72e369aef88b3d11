"""Which columns are labels, which is the group and which the split; guessed where the user did not say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podium.advice import option
from podium.advice import options as advise
from podium.curate.bag_column import choose_bags, group_bags
from podium.curate.fold_column import FOLD_COLUMNS, choose_fold_column
from podium.curate.group_cells import clean_groups
from podium.curate.group_from import choose_group_from
from podium.curate.indicators import guess_delim, is_indicator, split_cell
from podium.curate.options import ScanOptions
from podium.curate.passed_over import say_passed_over
from podium.curate.rows import Guess, Rows, count_values, plain_name, require_column
from podium.curate.split_column import SPLIT_COLUMNS, choose_split
from podium.curate.unit_cells import find_unit_cells
from podium.errors import SourceError
from podium.listing import count_of, list_some
from podium.texttable import read_list_cells

__all__ = ["Roles", "choose_roles"]

_LABEL_NAMES = frozenset({"label", "labels", "class", "classes", "classname", "classid", "category"}) | frozenset(
    {"target", "targets", "y", "ans", "answer", "tag", "tags"}
)
_PEOPLE = frozenset({"person", "patient", "subject", "student", "user", "identity", "participant", "individual"})
_GROUP_NAMES = _PEOPLE | {"group", "drawer", "writer", "speaker", "session"}
_SERIES = frozenset({"lesion", "study", "series", "sequence", "clip", "video", "scene", "specimen", "slide", "case"})
_GROUP_IDS = frozenset(f"{name}id" for name in _SERIES)


@dataclass(frozen=True)
class Roles:
    """What the columns are for.

    Args:
        labels: Columns to learn; none for a test set.
        group: Group of each image, N of them, "" = on its own; None when there is no group.
        split: "train", "valid", "test" or "" of each image; None when the source does not say.
        fold: Name of each image's fold, "" = trains in all; None when no column was named.
        bag: What each image's answer is for, "" = the image alone; None when no column was named.
        notes: What the user should know.
        guesses: What was guessed.
        others: Columns that say something else: split, group, fold, weight, domain, time.
    """

    labels: tuple[str, ...]
    group: list[str] | None
    split: list[str] | None
    fold: list[str] | None
    bag: list[str] | None
    notes: tuple[str, ...]
    guesses: tuple[Guess, ...]
    others: tuple[str, ...] = ()


def choose_roles(rows: Rows, options: ScanOptions) -> Roles:
    """The role of each column.

    Raises:
        SourceError: If a named column does not exist, or several columns could be labels and none was named.
    """
    for name in options.label_columns:
        require_column(rows, name, "label_columns")
    guesses: list[Guess] = []
    notes: list[str] = []
    found = choose_split(rows, options)
    split_name, split = found.name, found.split
    guesses += found.guesses
    notes += found.notes
    folds = choose_fold_column(rows, options)
    notes += folds.notes
    group_name, group = _choose_group(rows, options, guesses, notes)
    bag, about_bags = choose_bags(rows, options)
    notes += about_bags
    if bag is not None:
        group = group_bags(bag, group, is_guessed=options.group is None and options.group_from is None)
    taken = {options.weight_column, options.domain, options.time_column, options.answer_per}
    used = ({rows.id_column, split_name, group_name, folds.name} | taken) - set(options.label_columns)
    labels = () if options.unlabelled else _choose_labels(rows, options, used, guesses, notes)
    if (
        group_name is not None
        and not labels
        and not options.unlabelled
        and options.group is None
        and options.group_from is None
    ):
        notes.append(_group_or_label(group_name))
    if group is not None:
        notes.append(_describe_groups(group))
    if split is not None and rows.split_column is None:
        counts = {name: split.count(name) for name in ("train", "valid", "test", "") if name in split}
        notes.append("Split: " + ", ".join(f"{name or 'empty'} {n}" for name, n in counts.items()) + ".")
    others = tuple(name for name in (split_name, group_name, folds.name, *taken) if name is not None)
    return Roles(labels, group, split, folds.fold, bag, tuple(notes), tuple(guesses), others)


def _group_or_label(group_name: str) -> str:
    return (
        f"The values of {group_name!r} repeat, so it was taken for the group. If it is what to learn, set"
        f" {advise(label_columns=[group_name], group='none')}."
    )


def _describe_groups(group: Sequence[str]) -> str:
    counts = count_values(group)
    n_alone = sum(not name for name in group)
    alone = f" {count_of(n_alone, 'image has', 'images have')} no group; each counts as its own." if n_alone else ""
    if len(counts) + n_alone == 1:
        alone = f" One group cannot be split: name another with {option('group')}."
    n_grouped = len(group) - n_alone
    return (
        f"{count_of(len(counts), 'group')} over {count_of(n_grouped, 'image')}; a group is never split"
        f" between train and valid.{alone}"
    )


def _choose_group(
    rows: Rows, options: ScanOptions, guesses: list[Guess], notes: list[str]
) -> tuple[str | None, list[str] | None]:
    def clean(name: str, cells: Sequence[str]) -> list[str]:
        group, found = clean_groups(name, cells, options.missing_values)
        notes.extend(found)
        return group

    if options.group_from is not None:
        found = choose_group_from(rows, options)
        notes.extend(found.notes)
        return found.column, found.group
    wanted = options.group
    if wanted is None:
        name = _guess_group(rows, options)
        if name is None:
            return None, None
        n_values = len(set(rows.columns[name]))
        guesses.append(
            Guess(
                "group",
                name,
                f"{count_of(n_values, 'value')} over {count_of(len(rows.ids), 'image')}",
                f"{advise(group=name)} (or 'none')",
            )
        )
        return name, clean(name, rows.columns[name])
    if wanted == "none" and wanted not in rows.columns:
        return None, None
    cells = find_unit_cells(rows, wanted, "group", others=("none",))
    if wanted in rows.columns:
        return wanted, clean(wanted, cells)
    return None, clean(wanted, cells) if "(" in wanted else cells


def _guess_group(rows: Rows, options: ScanOptions) -> str | None:
    """A column with a name that means a person, else a series, whose values come again; else `id` where it repeats."""
    wanted = (lambda p: p.removesuffix("id") in _GROUP_NAMES, lambda p: p in _GROUP_IDS, lambda p: p == "id")
    for is_wanted in wanted:
        for name, cells in rows.columns.items():
            is_free = name not in (*options.label_columns, rows.id_column, *rows.label_columns)
            if is_free and is_wanted(plain_name(name)):
                groups, _ = clean_groups(name, cells, options.missing_values)
                n_known = sum(map(bool, groups))
                if len(set(groups)) > 1 and len(set(groups) - {""}) < n_known:
                    return name
    return rows.group_column


def _choose_labels(
    rows: Rows, options: ScanOptions, used: set[str | None], guesses: list[Guess], notes: list[str]
) -> tuple[str, ...]:
    named = options.label_columns or rows.label_columns or _named_elsewhere(rows, options)
    if named:
        return tuple(named)
    taken = used | {options.composite_column}
    candidates = _label_candidates(rows, taken) or _label_candidates(rows, taken, in_lists=True)
    usual = [name for name in candidates if plain_name(name) in _LABEL_NAMES]
    flags = [name for name, cells in rows.columns.items() if _may_be_flag(name, used, options) and is_indicator(cells)]
    classes = {name for name in candidates if _may_be_flag(name, used, options)}
    all_flags = len(flags) > 1 and classes <= set(flags) and (bool(classes) or _leave_out_noes(rows, flags))
    # Among columns a to z, one called y is a letter.
    if len(usual) == 1 and not (all_flags and len(usual[0]) == 1):
        chosen: tuple[str, ...] = (usual[0],)
        why = f"its name, and {count_of(len(candidates[usual[0]]), 'value')}"
    elif all_flags:
        chosen, why = tuple(flags), f"{count_of(len(flags), 'column holds', 'columns hold')} only 0 and 1"
    elif len(candidates) == 1:
        chosen = tuple(candidates)
        why = f"no other column repeats its {count_of(len(candidates[chosen[0]]), 'value')}"
    elif candidates:
        raise _which_labels(rows, candidates)
    else:
        notes += _why_no_labels(rows, used)
        return ()
    shown: list[object] = [*chosen[:3], *([...] if len(chosen) > 3 else [])]
    guesses.append(Guess("labels", list_some(chosen), why, advise(label_columns=shown)))
    notes += say_passed_over(rows, chosen, candidates, taken)
    return chosen


def _leave_out_noes(rows: Rows, flags: Sequence[str]) -> bool:
    """Whether each of these columns holds one value and empty cells: yes where it stands, and no left out."""
    values = [set(rows.columns[name]) for name in flags]
    return all(len(cells) == 2 and "" in cells for cells in values)


def _may_be_flag(name: str, used: set[str | None], options: ScanOptions) -> bool:
    """Whether a column's name does not say that it is something else than a class: a fold, a split or a number."""
    is_split = plain_name(name) in SPLIT_COLUMNS or plain_name(name) in FOLD_COLUMNS
    return name not in used and name != options.composite_column and not is_split


def _named_elsewhere(rows: Rows, options: ScanOptions) -> tuple[str, ...]:
    """Columns that the composite formula, the bins, the class orders or the ordinal heads are, in this order."""
    terms = re.split(r"[+*]", options.composite or "")
    names = [term.strip() for term in terms if term.strip() and not term.strip().isdigit()]
    names += [*options.bins, *options.classes, *options.ordinal]
    return tuple(dict.fromkeys(name for name in names if name in rows.columns))


def _label_candidates(rows: Rows, used: set[str | None], *, in_lists: bool = False) -> dict[str, dict[str, int]]:
    """Columns whose values (or the items of their lists) repeat or whose name says label, with each value's count."""
    candidates = {}
    for name, cells in rows.columns.items():
        if name in used or plain_name(name) in FOLD_COLUMNS or name == rows.id_column:
            continue
        counts = count_values(_labels_of(cells) if in_lists else cells)
        most = len(cells) if plain_name(name) in _LABEL_NAMES else max(2, sum(counts.values()) // 2)
        if 2 <= len(counts) <= most:
            candidates[name] = counts
    return candidates


def _labels_of(cells: Sequence[str]) -> Sequence[str]:
    """The labels of a column: the items where its cells are surely lists, else the cells."""
    lists = read_list_cells(cells)
    if lists is not None:
        return [item for items in lists for item in items or ()]
    delim = guess_delim(cells)
    return cells if delim is None else [part for cell in cells for part in split_cell(cell, delim)]


def _which_labels(rows: Rows, candidates: Mapping[str, Mapping[str, int]]) -> SourceError:
    details = []
    for name, counts in candidates.items():
        most = list_some([f"{value} {n}" for value, n in counts.items()], most=4)
        details.append(f"{name}: {count_of(len(counts), 'value')} ({most})")
    names = list(candidates)
    return SourceError(
        f"{count_of(len(names), 'column could', 'columns could')} be labels: {list_some(names, most=12)}.",
        where=rows.origin,
        fix=f"Name what to learn, such as {advise(label_columns=names[:1])}, or several:"
        f" {advise(label_columns=names[:2])} (or {advise(unlabelled=True)} for a test set).",
        details=details,
    )


def _why_no_labels(rows: Rows, used: set[str | None]) -> list[str]:
    if not rows.columns or rows.origin == "folders":
        return []
    fixed = {name: cells[0] for name, cells in rows.columns.items() if name not in used and len(set(cells)) == 1}
    if fixed:
        what = ", ".join(f"{name!r} is {value!r}" for name, value in list(fixed.items())[:3])
        return [f"No labels (a test set): {what} in every row, so there is nothing to learn."]
    return [
        f"No labels (a test set): no column repeats its values. Name one with {option('label_columns')} to learn it."
    ]
