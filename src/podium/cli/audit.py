"""podium audit."""

from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import Preset
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, RECIPE, MachineFlags, OutputFlags, ScanFlags

if TYPE_CHECKING:
    from podium.auditing import Finding
    from podium.workflows.audit import DataAudit

__all__ = ["audit"]

_ERROR = 3


_MOST_BAD = 0.01


def audit(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")],
    *,
    test: Annotated[Path | None, Parameter(group=DATA)] = None,
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    features: Annotated[bool, Parameter(group=DATA, negative="--no-features")] = True,
    max_bad_fraction: Annotated[float, Parameter(group=DATA)] = _MOST_BAD,
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
        out: New or empty folder for audit.html with thumbnails, audit.json, and images.csv with facts of each image.
        features: Compare data and test images by features of a frozen network too.
        max_bad_fraction: Largest fraction of images that may fail to decode, or have contradicting labels.
        preset: Preset whose image size the images are decoded at; a training with it decodes nothing again.
    """
    from podium.report.audit_folder import check_audit_folder
    from podium.workflows.audit import audit as look

    if out is not None:
        check_audit_folder(out)
    found = look(
        data,
        test=test,
        options=reading.as_options() if reading != ScanFlags() else None,
        preset=preset,
        features=features,
        settings=machine.as_settings(max_bad_fraction=max_bad_fraction),
        progress=Console(quiet=output.quiet),
    )
    command = _train_command(data, reading)
    audit_words = [*command[1:], *_own_words(test, features, max_bad_fraction, preset)]
    if out is not None:
        found.save(out, say=lambda finding: _say(finding, command))
    if output.json:
        print_json(found.to_dict() | {"out": None if out is None else str(out)})
    else:
        print_lines(*_lines(found, command), *_end(found, command, audit_words, out))
    return _ERROR if found.has_errors else 0


def _train_command(data: tuple[Path, ...], reading: ScanFlags) -> list[str]:
    """The words of `podium train` on the same data, read in the same way, as a shell gives them to a program."""
    from podium.cli.spelling import flag_words

    given = {item.name: getattr(reading, item.name) for item in fields(reading)}
    usual = ScanFlags()
    options = [
        word
        for name, value in given.items()
        if value != getattr(usual, name)
        for word in flag_words(name, list(value) if isinstance(value, tuple) else value)
    ]
    return ["train", *map(str, data), *shlex.split(" ".join(options))]


def _own_words(test: Path | None, features: bool, max_bad_fraction: float, preset: str) -> list[str]:
    """The options of an audit that a training has not, as they were given."""
    words = [] if test is None else ["--test", str(test)]
    words += [] if features else ["--no-features"]
    words += [] if max_bad_fraction == _MOST_BAD else ["--max-bad-fraction", f"{max_bad_fraction:g}"]
    return words + ([] if preset == "baseline" else ["--preset", preset])


def _say(finding: Finding, command: list[str]) -> tuple[str, str, str]:
    """What was found, what to do, and the command that does it, in the shell's words."""
    from podium.cli.retry import retry_command
    from podium.cli.spelling import respell

    code = retry_command(command, finding.change) if finding.change else ""
    return respell(finding.what), respell(finding.todo), code


def _lines(found: DataAudit, command: list[str]) -> list[str]:
    from podium.listing import count_of

    head = f"{count_of(len(found), 'image')}: {count_of(len(found.findings), 'finding')}"
    loud = [finding for finding in found.findings if finding.level != "note"]
    quiet = [finding for finding in found.findings if finding.level == "note"]
    lines = [line for finding in loud for line in ("", *_describe(finding, command))]
    return [
        head,
        *lines,
        *([""] if quiet else []),
        *(line for finding in quiet for line in _describe(finding, command)),
    ]


def _describe(finding: Finding, command: list[str]) -> list[str]:
    """A finding, some images, and what to do; of a note only what was found and the command, if there is one."""
    from podium.listing import list_some

    what, todo, code = _say(finding, command)
    shown = finding.ids or [" = ".join(members[:4]) for members in finding.sets]
    lines = [f"{finding.level:<8} {what}"]
    if finding.level != "note":
        lines += [f"         {line}" for line in (list_some(shown[:2]) if shown else "", todo) if line]
    return [*lines, f"         {code}"] if code else lines


def _end(found: DataAudit, command: list[str], audit_words: list[str], out: Path | None) -> list[str]:
    if out is not None:
        return ["", f"page     {out / 'audit.html'}"]
    if found.findings:
        return ["", f"page     {shlex.join(['podium', 'audit', *audit_words])} --out audit"]
    return [f"next     {shlex.join(['podium', *command])}"]
