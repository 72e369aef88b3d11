"""podium scan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, ExtraFlags, OutputFlags, ScanFlags
from podium.listing import count_of, shorten

__all__ = ["scan"]


def scan(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")],
    *,
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    unlabelled: Annotated[bool, Parameter(group=DATA, negative="")] = False,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    more: ExtraFlags = ExtraFlags(),  # noqa: B008
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Read a folder, a table or a path pattern as samples, and show what was guessed.

    Example: podium scan data/train --labels data/train.csv --group patient --out data/samples

    Args:
        data: Folder of images, or a table beside them. Several are joined; the first is the main one.
        out: New or empty folder to write samples.csv into; other commands take it as their source.
        unlabelled: Read no labels (a test set).
    """
    from dataclasses import replace

    from podium.dataset import check_scan_folder, read_source, save_scan

    if out is not None:
        check_scan_folder(out)
    wanted = replace(reading.as_options(), unlabelled=unlabelled)
    found = read_source(data, wanted)
    if more != ExtraFlags():
        from podium.dataset.extra import add_extra

        given = more.as_arguments()
        found = add_extra(found, given["extra"], wanted, given["extra_drop"])
    if out is not None:
        save_scan(found, out)
    console = Console(quiet=output.quiet)
    if output.json:
        print_json(found.to_dict() | {"out": None if out is None else str(out)})
        return 0
    for note in found.notes:
        console.note(note)
    samples = found.samples
    print_lines(f"{count_of(len(samples), 'image')} in {samples.root}")
    for head in samples.task.heads if samples.task else ():
        shown = ", ".join(shorten(name, most=100) for name in head.classes[:12])
        names = shown + (f", ... ({count_of(head.n_classes, 'class')})" if head.n_classes > 12 else "")
        print_lines(f"  {head.name} ({head.kind}): {names}")
    if samples.task is not None and samples.task.composite is not None:
        composite = samples.task.composite
        print_lines(f"  {composite.name}: {count_of(composite.n_classes, 'class')} = {composite.formula}")
    if samples.has_groups:
        print_lines(f"  {count_of(len(set(samples.group_keys.tolist())), 'group')}")
    if samples.bag is not None:
        print_lines(f"  {count_of(len(set(samples.answer_keys.tolist())), 'bag')}")
    if out is not None:
        print_lines(f"written to {out / 'samples.csv'}", f"next: podium train {out}")
    return 0
