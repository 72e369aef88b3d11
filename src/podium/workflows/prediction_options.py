"""What `Run.predict` and its sisters are given, as the options that images to predict are read with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.advice import option
from podium.dataset import Source
from podium.errors import UsageError
from podium.texttable import Frame, as_table, is_frame

if TYPE_CHECKING:
    from podium.curate import ScanOptions

__all__ = ["prediction_options", "refuse_beside_images", "table_in", "views_of"]


def table_in(data: object) -> str | Path | Frame | None:
    """The data, where it is a table itself."""
    if is_frame(data):
        return data
    return data if isinstance(data, str | Path) and Path(data).is_file() else None


def refuse_beside_images(given: Mapping[str, Any]) -> None:
    """Refuse options of folders and tables, which have no effect on images in memory."""
    default = {"rows": None, "header": True, "follow_links": False, "name": "test"}
    for option_name, value in given.items():
        if value is not default.get(option_name) and (is_frame(value) or value != default.get(option_name)):
            raise UsageError(
                "has no effect on images themselves, whose predictions are not written.",
                field=option_name,
                fix="Leave it out, or name a folder or a table.",
            )


def views_of(tta: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """The views to average over, the plain one always among them; None where nobody named any."""
    from podium.data.view_frames import expand_views

    named = (tta,) if isinstance(tta, str) else tta
    if named is None or tuple(named) == ("auto",):
        return None
    return ("plain", *expand_views(() if tuple(named) == ("none",) else tuple(named)))


def prediction_options(
    source: Source,
    rows: str | Path | Frame | None,
    table: Mapping[str, Any],
    *,
    follow_links: bool,
    group: str | None,
    answer_per: str | None = None,
) -> ScanOptions | None:
    """How images to predict are read: without labels, with the groups and only the rows that are named."""
    from podium.curate import ScanOptions

    is_set = any(value not in (None, True) for value in table.values())
    if is_frame(source) and rows is None:
        return ScanOptions(layout="table", group=group or "none", answer_per=answer_per, unlabelled=True, **table)
    if not isinstance(source, str | Path) or (Path(source) / "samples.json").is_file():
        if rows is not None or is_set or follow_links or group is not None or answer_per is not None:
            raise UsageError(
                "a saved scan already names its images.", fix="Name the folder of images, or leave these options out."
            )
        return None
    has_table = rows is not None or Path(source).expanduser().is_file()
    if is_set and not has_table:
        given = next(name for name, value in table.items() if value not in (None, True))
        raise UsageError("was given without a table.", field=given, fix=f"Name the table with {option('rows')}.")
    return ScanOptions(
        layout="table" if has_table else "folders",
        labels=as_table(rows, field="rows"),
        group=group or "none",
        answer_per=answer_per,
        unlabelled=True,
        follow_links=follow_links,
        **table,
    )
