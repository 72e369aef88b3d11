"""Groups as Podium proposes them: folders, bursts by time, cameras, a column, a run's clusters, duplicates alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from podium.advice import option
from podium.advice import options as advise
from podium.curate.cluster_table import read_clusters
from podium.curate.group_cells import clean_groups
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows
from podium.curate.time_column import read_time
from podium.errors import SourceError, UnknownNameError, UsageError
from podium.listing import agree, count_of
from podium.tables import path_from_text

if TYPE_CHECKING:
    from podium.images import CameraFacts

__all__ = ["GroupFrom", "choose_group_from"]

WORDS = ("folder", "exif", "exif:SECONDS", "camera", "chains", "clusters:RUN")
_CLUSTERS = "clusters:"


class GroupFrom(NamedTuple):
    """The groups.

    Args:
        column: The column that they come from, which is then no label; None for others.
        group: Group of each image, "" where it has none; None where only duplicates are kept together.
        notes: What the user should know.
    """

    column: str | None
    group: list[str] | None
    notes: list[str]


def choose_group_from(rows: Rows, options: ScanOptions) -> GroupFrom:
    """The groups that `group_from` asks for.

    Raises:
        UsageError: If `group` names one too, or the pause of a burst is no number of seconds.
        UnknownNameError: If it is no word and no column.
        SourceError: If no image says when or by what it was taken, or a run has no clusters of them.
    """
    wanted = options.group_from
    assert wanted is not None, "asked for"
    if options.group not in (None, "none"):
        fix = (
            f"Leave out one: {option('group')} takes columns, folders and expressions, {option('group_from')} the rest."
        )
        raise UsageError("both ways to name groups were given.", field="group_from", fix=fix)
    name, _, seconds = wanted.rpartition(":")
    if wanted in rows.columns:
        return GroupFrom(wanted, *clean_groups(wanted, rows.columns[wanted], options.missing_values))
    if wanted == "folder":
        return GroupFrom(None, [path.rpartition("/")[0] for path in rows.ids], [])
    if wanted == "chains":
        said = "Groups are what duplicates make: near-duplicates and mirror images in chains. They are no named groups."
        return GroupFrom(None, None, [said])
    if wanted == "camera":
        return _by_camera(rows)
    if wanted.startswith(_CLUSTERS):
        return _by_clusters(rows, Path(wanted.removeprefix(_CLUSTERS)).expanduser())
    from podium.images import BURST_GAP_S, CameraFacts  # imports Pillow, which reading names does not need

    if wanted == "exif" or name == "exif":
        facts = _read_cameras(rows)
        return _bursts(rows, facts, "exif", BURST_GAP_S if wanted == "exif" else _read_gap(seconds))
    if name in rows.columns:
        times = [read_time(cell.strip()) for cell in rows.columns[name]]
        facts = [CameraFacts() if time is None else CameraFacts(time) for time in times]
        return _bursts(rows, facts, name, _read_gap(seconds))._replace(column=name)
    raise UnknownNameError("group", wanted, [*rows.columns, *WORDS], field="group_from")


def _read_gap(seconds: str) -> float:
    try:
        gap = float(seconds)
    except ValueError:
        gap = -1.0
    if not 0 <= gap < np.inf:
        fix = f"Write seconds, such as {advise(group_from='exif:60')}."
        raise UsageError(f"{seconds!r} is no pause in seconds.", field="group_from", fix=fix)
    return gap


def _read_cameras(rows: Rows) -> list[CameraFacts]:
    from podium.images import read_camera

    return [read_camera(rows.root / path_from_text(path)) for path in rows.paths]


def _by_camera(rows: Rows) -> GroupFrom:
    cameras = [fact.camera for fact in _read_cameras(rows)]
    if not any(cameras):
        raise _nothing(rows, "by which camera it was taken")
    return GroupFrom(None, cameras, _without(cameras, "name no camera"))


def _by_clusters(rows: Rows, run: Path) -> GroupFrom:
    found = read_clusters(run)
    group = [f"like {found[name]}" if name in found else "" for name in rows.ids]
    if not any(group):
        raise SourceError("none of these images is in the clusters of that run.", where=run, field="group_from")
    said = (
        "Groups are clusters of images that look as those of one object do. They are no named groups: kinds of things"
        " may be among them, and objects in two."
    )
    return GroupFrom(None, group, [said, *_without(group, "have no look-alike")])


def _bursts(rows: Rows, facts: Sequence[CameraFacts], source: str, gap_s: float) -> GroupFrom:
    from podium.images import number_bursts

    burst = number_bursts(facts, gap_s)
    if (burst < 0).all():
        raise _nothing(rows, "when it was taken")
    first: dict[int, str] = {}
    for number, name in zip(burst.tolist(), rows.ids, strict=True):
        first.setdefault(number, name)  # names of their own, as other sources have bursts too
    group = [f"{source} {first[number]}" if number >= 0 else "" for number in burst.tolist()]
    sizes = np.bincount(burst[burst >= 0])
    said = (
        f"{count_of(int((sizes > 1).sum()), 'burst')} of photos at most {gap_s:g} s apart, the largest of"
        f" {int(sizes.max()):,}."
    )
    return GroupFrom(None, group, [said, *_without(group, "say no time")])


def _without(group: Sequence[str], what: str) -> list[str]:
    n = sum(not name for name in group)
    one = what.replace("name ", "names ").replace("say ", "says ").replace("have ", "has ")
    return [f"{count_of(n, 'image')} {agree(n, one, what)} and {agree(n, 'is', 'are')} on their own."] if n else []


def _nothing(rows: Rows, what: str) -> SourceError:
    return SourceError(
        f"no image says {what}.",
        where=rows.root,
        field="group_from",
        fix="Such entries get lost when photos are edited or sent on. Name a column or an expression instead.",
    )
