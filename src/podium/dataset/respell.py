"""Class names of labelled images in the spelling of a task: `Cat` and `cat `, `3` and `3.0` are one class."""

from __future__ import annotations

from dataclasses import replace

from podium.curate.spellings import spelling_key
from podium.listing import list_some
from podium.tables import Head, Samples, Task

__all__ = ["respell"]


def respell(samples: Samples, task: Task) -> tuple[Samples, list[str]]:
    """The samples with classes called as the task calls them, and a note where a spelling differed.

    Only letter case, spaces and the way a number is written may differ, and only where one class can be meant.

    Args:
        samples: Images with labels.
        task: The task that they are to be scored by.
    """
    if samples.task is None:
        return samples, []
    known = {head.name: head for head in task.heads}
    if len(known) == len(samples.task.heads) == 1:
        known = {samples.task.heads[0].name: task.heads[0]}
    found = {head.name: _meant(head, known[head.name]) for head in samples.task.heads if head.name in known}
    changed = {name: names for name, names in found.items() if names != samples.task.head(name).classes}
    if not changed:
        return samples, []
    heads = tuple(replace(head, classes=changed.get(head.name, head.classes)) for head in samples.task.heads)
    notes = [
        f"Took class {list_some(pairs, most=5)} of {name!r}."
        for name, names in changed.items()
        if (
            pairs := [f"{a!r} for {b!r}" for a, b in zip(samples.task.head(name).classes, names, strict=True) if a != b]
        )
    ]
    return replace(samples, task=Task(heads)), notes


def _meant(own: Head, head: Head) -> tuple[str, ...]:
    """The classes of a head as the task spells them; unchanged where that is not clear."""
    spelt: dict[str, list[str]] = {}
    for name in head.classes:
        spelt.setdefault(spelling_key(name), []).append(name)
    meant = []
    for name in own.classes:
        twins = spelt.get(spelling_key(name), [])
        meant.append(twins[0] if name not in head.classes and len(twins) == 1 else name)
    return tuple(meant) if len(set(meant)) == len(meant) else own.classes
