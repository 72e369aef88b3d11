"""podium audit."""

from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import Preset
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, RECIPE, MachineFlags, OutputFlags, ScanFlags

if TYPE_CHECKING:
    from podium.auditing import Finding
    from podium.workflows.audit import DataAudit

__all__ = ["audit"]

_ERROR = 3


def audit(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")],
    *,
    test: Annotated[Path | None, Parameter(group=DATA)] = None,
    max_bad_fraction: Annotated[float, Parameter(group=DATA)] = 0.01,
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    preset: Annotated[Preset, Parameter(group=RECIPE)] = "baseline",
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Look through all images and labels before training: what is wrong, what is odd, and what to do about each. Exit
    code 3 if something stops a training or makes its score wrong.

    Example: podium audit data/train --labels data/train.csv --test data/test

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` wrote. Several are joined; the
            first is the main one.
        test: Folder of test images, to compare with the data.
        max_bad_fraction: Largest fraction of images that may fail to decode, or have contradicting labels.
        preset: Preset whose image size the images are decoded at; a training with it decodes nothing again.
    """
    from podium.workflows.audit import audit as look

    found = look(
        data,
        test=test,
        options=reading.as_options() if reading != ScanFlags() else None,
        preset=preset,
        settings=machine.as_settings(max_bad_fraction=max_bad_fraction),
        progress=Console(quiet=output.quiet),
    )
    command = _train_command(data, reading)
    if output.json:
        print_json(found.to_dict())
    else:
        print_lines(*_lines(found, command))
    return _ERROR if found.has_errors else 0


def _train_command(data: tuple[Path, ...], reading: ScanFlags) -> list[str]:
    """The words of `podium train` on the same data, read in the same way."""
    from podium.cli.spelling import flag_words

    given = {item.name: getattr(reading, item.name) for item in fields(reading)}
    usual = ScanFlags()
    options = [
        word
        for name, value in given.items()
        if value != getattr(usual, name)
        for word in flag_words(name, list(value) if isinstance(value, tuple) else value)
    ]
    return ["train", *(shlex.quote(str(path)) for path in data), *options]


def _lines(found: DataAudit, command: list[str]) -> list[str]:
    from podium.listing import count_of

    if not found.findings:
        return [f"{count_of(len(found), 'image')}: nothing found", f"next     podium {' '.join(command)}"]
    lines = [f"{count_of(len(found), 'image')}, {count_of(len(found.findings), 'finding')}", ""]
    for finding in found.findings:
        lines += [*_describe(finding, command), ""]
    return lines[:-1]


def _describe(finding: Finding, command: list[str]) -> list[str]:
    from podium.cli.spelling import flag_words, respell
    from podium.listing import list_some

    lines = [f"{finding.level:<8} {respell(finding.what)}"]
    shown = finding.ids or [" = ".join(members[:4]) for members in finding.sets]
    if shown and finding.level != "note":
        lines.append(f"         {list_some(shown, most=3)}")
    if finding.todo:
        lines.append(f"         {respell(finding.todo)}")
    if finding.change:
        words = [word for name, value in finding.change.items() for word in flag_words(name, value)]
        lines.append(f"         podium {' '.join([*command, *words])}")
    return lines
