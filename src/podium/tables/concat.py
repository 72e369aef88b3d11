"""Samples of several folders and tables as one table: ids stay unique and say their source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.errors import LabelError, SourceError, UsageError
from podium.listing import count_of, list_some
from podium.tables.boxes import Boxes, no_boxes
from podium.tables.fit_task import labels_under, shares_under
from podium.tables.ids import as_text_array
from podium.tables.samples import Samples
from podium.tables.task import Task

__all__ = ["concat_samples"]

TextArray = NDArray[np.object_]


def concat_samples(parts: Mapping[str, Samples]) -> Samples:
    """One table of all rows, in order. The first source is the main one.

    Ids of the main source stay as they are; those of another get its name and a colon in front: "extra:a/1.jpg". The
    `source` of every row is the name of its part. Groups and bags keep their names, so that a person who is in two
    sources stays on one side of a split, and has one answer.

    Args:
        parts: Samples by the name of their source. The main source decides the task. Another source may lack heads (its
            labels are then missing) and classes, but must not bring new ones; without labels it may only come beside
            samples that have none either.

    Raises:
        UsageError: If there is no source, a name is empty, holds ":" or "/", or another part than the first has sources
            of its own already.
        LabelError: If a source brings heads or classes that the main source does not have.
        SourceError: If the same file is in two sources.
    """
    _check_names(parts)
    main = next(iter(parts.values()))
    for name, part in parts.items():
        _check_task(main.task, part.task, name)
    _refuse_shared_files(parts)
    heads = main.task.heads if main.task else ()
    return Samples(
        root=main.root,
        ids=_join([_ids_of(part, name, is_main=part is main) for name, part in parts.items()]),
        paths=_join([part.paths for part in parts.values()]),
        task=main.task,
        labels={head.name: np.concatenate([labels_under(part, head) for part in parts.values()]) for head in heads},
        soft={
            head.name: np.concatenate([shares_under(part, head) for part in parts.values()])
            for head in heads
            if any(head.name in part.soft for part in parts.values())
        },
        weight=_join_weights(list(parts.values())),
        size=_join_sizes(list(parts.values())),
        group=_optional([part.group for part in parts.values()], parts),
        split=_optional([part.split for part in parts.values()], parts),
        fold=_optional([part.fold for part in parts.values()], parts),
        domain=_optional([part.domain for part in parts.values()], parts),
        bag=_optional([part.bag for part in parts.values()], parts),
        time=_join_times(list(parts.values())),
        source=_join([_sources_of(part, name) for name, part in parts.items()]),
        numbers={
            name: np.concatenate([part.numbers.get(name, np.full(len(part), np.nan)) for part in parts.values()])
            for name in dict.fromkeys(name for part in parts.values() for name in part.numbers)
        },
        borders=_join_borders(parts),
        boxes=_join_boxes(list(parts.values())),
        roots={**main.roots, **{name: part.root for name, part in parts.items() if part is not main}},
        corrections=tuple(
            row if part is main else row._replace(image=f"{name}:{row.image}")
            for name, part in parts.items()
            for row in part.corrections
        ),
    )


def _check_names(parts: Mapping[str, Samples]) -> None:
    if not parts:
        raise UsageError("there are no samples to join.")
    own = next(iter(parts.values())).roots
    for name, part in parts.items():
        if name in own:
            raise UsageError(f"the main samples have a source {name!r} already.", fix="Choose another name.")
        if not name or {":", "/", "\\"} & set(name):
            raise UsageError(f"{name!r} cannot name a source.", fix="Use letters, digits, '-' and '_'.")
        if part.roots and part is not next(iter(parts.values())):
            raise UsageError(f"the samples of {name!r} are of several sources already; join all of them at once.")


def _check_task(main: Task | None, task: Task | None, name: str) -> None:
    if task is None:
        if main is not None:
            raise LabelError(f"source {name!r} has no labels.", fix="Name its labels, or leave it out.")
        return
    known = {head.name: head for head in (main.heads if main else ())}
    for head in task.heads:
        if head.name not in known:
            raise LabelError(f"source {name!r} brings target {head.name!r}, which the main source does not have.")
        if head.is_multi != known[head.name].is_multi:
            raise LabelError(f"target {head.name!r} of source {name!r} is {head.kind}, not {known[head.name].kind}.")
        new = [label for label in head.classes if label not in known[head.name].classes]
        if new:
            raise LabelError(
                f"source {name!r} brings {count_of(len(new), 'class')} of {head.name!r} that the main source does not"
                f" have: {list_some(new, most=5)}.",
                fix="Rename its classes, or leave these rows out.",
                details=new,
            )


def _refuse_shared_files(parts: Mapping[str, Samples]) -> None:
    seen: dict[str, str] = {}
    for name, part in parts.items():
        roots = {source: os.path.realpath(root) for source, root in part.roots.items()}
        root, sources = os.path.realpath(part.root), _sources_of(part, name).tolist()
        for path, source in zip(part.paths.tolist(), sources, strict=True):
            file = os.path.join(roots.get(source, root), path)  # noqa: PTH118 - a Path for each of a million rows takes seconds
            if seen.setdefault(file, name) != name:
                raise SourceError(
                    f"{path!r} is in the sources {seen[file]!r} and {name!r}.",
                    where=Path(root),
                    fix="Name each folder once. A table of labels for the same folder is no source of its own.",
                )


def _ids_of(part: Samples, name: str, *, is_main: bool) -> TextArray:
    return part.ids if is_main else as_text_array([f"{name}:{own}" for own in part.ids])


def _sources_of(part: Samples, name: str) -> TextArray:
    """The source of every row; a main part of several sources keeps its own."""
    return part.source if part.roots and part.source is not None else as_text_array([name] * len(part))


def _optional(columns: Sequence[TextArray | None], parts: Mapping[str, Samples]) -> TextArray | None:
    if all(column is None for column in columns):
        return None
    filled = [
        as_text_array([""] * len(part)) if column is None else column
        for column, part in zip(columns, parts.values(), strict=True)
    ]
    return _join(filled)


def _join_weights(parts: Sequence[Samples]) -> NDArray[np.float64] | None:
    """Weights of all rows; 1 for those of a source without any."""
    if all(part.weight is None for part in parts):
        return None
    return np.concatenate([np.ones(len(part)) if part.weight is None else part.weight for part in parts])


def _join_borders(parts: Mapping[str, Samples]) -> dict[str, tuple[float, ...]]:
    joined: dict[str, tuple[float, ...]] = {}
    for source, part in parts.items():
        for name, borders in part.borders.items():
            if joined.setdefault(name, borders) != borders:
                raise LabelError(
                    f"{name!r} has the borders {list(joined[name])}, but {list(borders)} in {source!r}.",
                    fix=f"Read both with the same {option('bins')}.",
                )
    return joined


def _join_sizes(parts: Sequence[Samples]) -> NDArray[np.int64] | None:
    """Sizes of all images, where those of every source are known."""
    sizes = [part.size for part in parts if part.size is not None]
    return np.concatenate(sizes) if len(sizes) == len(parts) else None


def _join_boxes(parts: Sequence[Samples]) -> dict[str, Boxes]:
    """Boxes of every region that a source has; nobody has looked in the images of the others."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    joined: dict[str, Boxes] = {}
    for part, start in zip(parts, starts.tolist(), strict=False):
        for region, boxes in part.boxes.items():
            whole = joined.get(region, no_boxes(int(starts[-1])))
            joined[region] = whole.put(np.arange(start, start + len(part)), boxes)
    return joined


def _join_times(parts: Sequence[Samples]) -> NDArray[np.float64] | None:
    """Times of all rows; not known for those of a source without any."""
    if all(part.time is None for part in parts):
        return None
    return np.concatenate([np.full(len(part), np.nan) if part.time is None else part.time for part in parts])


def _join(columns: Sequence[TextArray]) -> TextArray:
    return as_text_array([cell for column in columns for cell in column])
