"""podium demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import DemoTask, Preset
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, MACHINE, RECIPE, OutputFlags
from podium.listing import count_of

if TYPE_CHECKING:
    from podium.workflows.demo import DemoResult

__all__ = ["demo"]


def demo(
    *,
    task: Annotated[DemoTask, Parameter(group=DATA)] = "sign_digits",
    folder: Annotated[Path, Parameter(group=DATA)] = Path("demo"),
    preset: Annotated[Preset, Parameter(group=RECIPE)] = "baseline",
    seed: Annotated[int, Parameter(group=DATA)] = 0,
    reproducible: Annotated[bool, Parameter(group=MACHINE, negative="")] = False,
    output: OutputFlags = OutputFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Run the whole job on data that Podium ships or draws: score with interval, report, submission, next steps.

    Example: podium demo --task letters

    Args:
        task: Data set: sign_digits (single-label photos), letters (multi-label) or glyphs (three attributes and a
            composite class).
        folder: Folder for the data and the runs.
        preset: Recipe to train.
        seed: Random seed of the images that Podium draws.
        reproducible: Take fixed precision, layout and engine instead of timing them.
    """
    from podium.machine import Settings
    from podium.store import read_arithmetic
    from podium.workflows.demo import run_demo

    settings = Settings(runs=folder / "runs", reproducible=reproducible)
    progress = Console(quiet=output.quiet)
    result = run_demo(task, folder, preset=preset, seed=seed, settings=settings, progress=progress)
    if output.json:
        record = {
            "run": result.run.name,
            "folder": str(result.run.folder.path),
            "computed_with": read_arithmetic(result.run.folder),
            "scores": result.run.scores.to_dict(),
            "fold_score": result.fold_score,
            "test_score": result.test_score,
            "submission": str(result.submission.path),
            "report": str(result.run.folder.report_file),
        }
        print_json(record)
        return 0
    _show(result, task, folder)
    return 0


def _show(result: DemoResult, task: str, folder: Path) -> None:
    from podium.report import expected_words, print_summary
    from podium.store import arithmetic_words, read_arithmetic

    run, main = result.run, result.run.scores.main
    print_lines("", f"{result.data.title}. {result.data.about}", "")
    print_summary(run.scores, run=run.folder.path)
    expected = run.expect(result.submission.n_rows)
    said = "" if expected is None else f", expected {expected_words(expected)}"
    is_inside = main.low <= result.fold_score <= main.high
    place = "inside the interval" if is_inside else "outside the interval: a small test set has an error of its own"
    print_lines(
        "",
        "The answers of the test set are known here.",
        f"On average its {count_of(run.folds.n_folds, 'model')} score {result.fold_score:.4f} on it, {place};",
        f"the submission, which is their mean, scores {result.test_score:.4f}{said}.",
        "",
        f"with        {arithmetic_words(read_arithmetic(run.folder))}",
        f"report      {run.folder.report_file}",
        f"submission  {result.submission.path}",
        f"run folder  {run.folder.path}",
        "",
        "Worth trying next:",
        f"  podium demo --task {task} --preset quick",
        f"  podium runs --runs {folder / 'runs'}",
        f"  podium demo --task {'letters' if task != 'letters' else 'glyphs'}",
    )
