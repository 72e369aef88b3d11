"""podium labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, RUN, MachineFlags, OutputFlags
from podium.cli.spelling import next_command
from podium.columns import align_columns
from podium.errors import UsageError
from podium.listing import count_of, shorten

if TYPE_CHECKING:
    from podium.suspects import LabelSuspects
    from podium.workflows import Run

__all__ = ["labels"]

_HEADER = ("image", "head", "given", "suggested", "score", "p given", "p suggested", "fold", "group")
_GROUP_HEADER = ("group", "head", "given", "suggested", "score", "images")
_PEOPLE_HEADER = ("annotator", "head", "labels", "shared", "quality", "agreement", "commonest mistake")
_NEXT_HEADER = ("image", "uncertainty", "distance", "guess")
_MOST_GROUPS = 10


def labels(
    run: Annotated[str, Parameter(group=RUN)] = "last",
    data: Annotated[Path | None, Parameter(group=DATA)] = None,
    *,
    top: Annotated[int, Parameter(group=OUTPUT)] = 20,
    heads: Annotated[tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="")] = (),
    neighbours: Annotated[bool, Parameter(group=RUN, negative="")] = False,
    annotators: Annotated[Path | None, Parameter(group=DATA)] = None,
    repeats: Annotated[tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="")] = (),
    verdict: Annotated[str | None, Parameter(group=RUN)] = None,
    next: Annotated[int | None, Parameter(group=DATA)] = None,
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    write: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    whole_groups: Annotated[bool, Parameter(group=OUTPUT, negative="")] = False,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Find labels that are probably wrong, by the answers of models that had not seen them, and judge corrections.
    With `--next`, list the unlabelled images that are worth a label.

    Example: podium labels last --top 50 --out suspects.csv --write corrections.csv

    Args:
        run: A run's name, folder, or "last".
        data: With --next: folder of unlabelled images, or a table that names them.
        top: Suspects to list.
        heads: Heads to judge (default: all).
        neighbours: Also compare the labels of the images that look most alike, by frozen features.
        annotators: Table of the labels that each of several people gave, a column each, or rows with the columns image,
            annotator, label (and head): says how far each can be trusted, and weighs what they say with the model.
        repeats: Further runs of the same images and labels, with other seeds or folds: labels that more of them find
            wrong come first.
        verdict: Compare with this run, which was trained with --corrections on the same folds (--folds-from), on the
            original and on the corrected labels.
        next: List so many images of DATA to label next: those that the models are unsure of, and that are not alike.
        out: CSV of the suspects; an HTML page with the images is written beside it. With --next: a CSV of the images,
            with empty columns for the labels.
        write: Draft of corrections of the listed suspects that are believed less than another class, to review and to
            give to --corrections. Nothing applies it by itself, and no file is replaced.
        whole_groups: With --write: correct the most suspect groups, all images of each, where a group shares its label.
    """
    from podium.workflows.run import Run, load_run

    if min(top, 1 if next is None else next) < 1:
        raise UsageError(f"{'--top' if top < 1 else '--next'} must be at least 1.")
    if whole_groups and write is None:
        raise UsageError("--whole-groups says what --write drafts.", fix="Give it together with --write.")
    found = Run(load_run(run, runs=machine.runs).folder, machine.as_settings())
    if verdict is not None:
        if out or write or heads or neighbours or annotators or repeats or data is not None or next is not None:
            raise UsageError("--verdict compares two runs and lists no images.", fix="Give no other option with it.")
        return _show_verdict(found, verdict, as_json=output.json)
    if next is not None or data is not None:
        if next is None or data is None or write or heads or neighbours or annotators or repeats:
            fix = "Write podium labels RUN DATA --next 20 --out FILE."
            raise UsageError("--next lists unlabelled images, and nothing else.", fix=fix)
        return _show_next(found, data, next, out, output)
    from podium.workflows.labels import check_label_files, write_draft, write_suspects

    check_label_files(out, write)
    suspects = found.label_suspects(
        heads=heads or None,
        neighbours=neighbours,
        annotators=annotators,
        repeats=repeats,
        progress=Console(quiet=output.quiet),
    )
    written = [] if out is None else write_suspects(suspects, found.folder, out, top)
    n_draft = None if write is None else write_draft(suspects, write, top, whole_groups=whole_groups)
    if output.json:
        print_json(
            _record(suspects, found, top) | {"written": [str(path) for path in [*written, *filter(None, [write])]]}
        )
        return 0
    _show(suspects, top)
    if written:
        print_lines("", *(f"written to {path}" for path in written))
    if write is not None and not n_draft:
        print_lines("", f"draft    {write}: no rows, for every label is believed more than another class")
    elif write is not None:
        print_lines("", f"draft    {write}: {count_of(n_draft or 0, 'row')}; review every one, then")
        words = ("--corrections", str(write), "--folds-from", str(found.folder.path))
        print_lines(f"next     {next_command('train', 'DATA', *words, runs=machine.runs)}")
    return 0


def _record(suspects: LabelSuspects, run: Run, top: int) -> dict[str, object]:
    return {
        "run": run.name,
        "n_labels": len(suspects),
        "n_confident": suspects.n_confident,
        "suspects": [one.to_dict() for one in suspects.top(top)],
        "groups": [group.to_dict() for group in suspects.top_groups(top)],
        "annotators": [one.to_dict() for one in suspects.annotators],
        "notes": list(suspects.notes),
    }


def _show(suspects: LabelSuspects, top: int) -> None:
    confident = ", ".join(f"{name} {n}" for name, n in suspects.n_confident.items() if n) or "none"
    print_lines(
        f"{count_of(len(suspects), 'label')} judged out of fold; confidently wrong: {confident}", *suspects.notes, ""
    )
    if suspects.annotators:
        shown = [[shorten(cell, most=60) for cell in one.cells()] for one in suspects.annotators[:top]]
        print_lines("Annotators, the least trusted first:")
        print_lines(*align_columns(_PEOPLE_HEADER, shown, left=2), "")
    more = suspects.more_columns
    rows = [
        [shorten(cell, most=60) for cell in (*one.cells()[:-1], *one.more_cells(more))] for one in suspects.top(top)
    ]
    print_lines(*align_columns((*_HEADER, *(name.replace("_", " ") for name in more)), rows, left=4))
    groups = suspects.top_groups(min(top, _MOST_GROUPS))
    if groups:
        cells = [[g.group, g.head, g.given, g.suggested, f"{g.score:.4f}", str(g.n_images)] for g in groups]
        print_lines("", "Groups that share their label, each as a whole:")
        print_lines(*align_columns(_GROUP_HEADER, cells, left=4))


def _show_verdict(run: Run, other: str, *, as_json: bool) -> int:
    from podium.crossval.label_verdict import verdict_words
    from podium.store import find_run

    after = find_run(run.settings.runs, other)
    found = run.label_verdict(after.path)
    if as_json:
        print_json({"before": run.name, "after": after.name} | found.to_dict())
        return 0
    print_lines(verdict_words(found), "")
    print_lines(*align_columns(found.header, [line.cells() for line in found.lines], left=3))
    return 0


def _show_next(run: Run, data: Path, n: int, out: Path | None, output: OutputFlags) -> int:
    from podium.workflows.labels import check_label_files
    from podium.workflows.next_to_label import write_next

    task = run.samples.task
    assert task is not None, "a run has a task"
    check_label_files(None, out)
    found = run.next_to_label(data, n, progress=Console(quiet=output.quiet))
    if out is not None:
        write_next(found, task, out)
    if output.json:
        record = {"run": run.name, "next": [one.to_dict() for one in found]}
        print_json(record | {"out": None if out is None else str(out)})
        return 0
    rows = [[shorten(one.image, most=60), f"{one.uncertainty:.3f}", f"{one.distance:.3f}", one.guess] for one in found]
    print_lines(*align_columns(_NEXT_HEADER, rows, left=1))
    if out is not None:
        print_lines("", f"written to {out}: fill in the empty columns")
    return 0
