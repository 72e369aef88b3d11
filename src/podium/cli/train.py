"""podium train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.beside_resume import refuse_beside_resume
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import (
    DATA,
    MACHINE,
    OUTPUT,
    RECIPE,
    RUN,
    ExtraFlags,
    FoldFlags,
    MachineFlags,
    Many,
    OutputFlags,
    RecipeFlags,
    ScanFlags,
)
from podium.errors import UsageError
from podium.machine.place_in_team import place_in_team

if TYPE_CHECKING:
    from podium.machine import Settings
    from podium.recipe import Recipe
    from podium.workflows import Run

__all__ = ["show_run", "train"]

_OF_A_RESUME = (
    "resume",
    "root",
    "only_folds",
    "recipe",
    "machine",
    "processes",
    "slurm",
    "ray",
    "checkpoint_seconds",
    "cloud_drive",
    "track",
    "looks",
    "output",
)


def train(
    data: Annotated[tuple[Path, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = (),
    *,
    name: Annotated[str | None, Parameter(group=RUN)] = None,
    resume: Annotated[str | None, Parameter(group=RUN)] = None,
    root: Annotated[Path | None, Parameter(group=RUN)] = None,
    only_folds: Annotated[tuple[int, ...], Parameter(group=RUN, consume_multiple=True, negative="")] = (),
    reading: ScanFlags = ScanFlags(),  # noqa: B008 - frozen values
    more: ExtraFlags = ExtraFlags(),  # noqa: B008
    max_bad_fraction: Annotated[float, Parameter(group=DATA)] = 0.01,
    folds: FoldFlags = FoldFlags(),  # noqa: B008
    recipe: RecipeFlags = RecipeFlags(),  # noqa: B008
    minutes: Annotated[float | None, Parameter(group=RECIPE)] = None,
    machine: MachineFlags = MachineFlags(),  # noqa: B008
    processes: Annotated[int, Parameter(group=MACHINE)] = 1,
    slurm: Annotated[tuple[str, ...], Parameter(group=MACHINE, consume_multiple=True, negative="")] = (),
    ray: Annotated[str, Parameter(group=MACHINE)] = "",
    checkpoint_seconds: Annotated[float, Parameter(group=MACHINE)] = 60.0,
    cloud_drive: Annotated[bool, Parameter(group=MACHINE, negative="")] = False,
    reproducible: Annotated[bool, Parameter(group=MACHINE, negative="")] = False,
    track: Annotated[tuple[str, ...], Many, Parameter(group=OUTPUT)] = (),
    looks: Annotated[bool, Parameter(group=MACHINE, negative="--no-looks")] = True,
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Cross-validate: decode every image once, split without leaks, train every fold, score, report.

    Example: podium train data/train --preset finetune --group patient --folds 5 --epochs 12

    Args:
        data: Folder of images, a table beside them, or a folder that `podium scan --out` or `podium split --out` wrote.
            Several are joined; the first is the main one.
        name: Name of the run (default: the preset's name and the next free number).
        resume: Continue this run, or the "last" one. Takes no other options but --set, --only-folds and machine ones.
            Several terminals or machines may do so at once: each takes a fold that nobody has.
        root: With --resume: the folder where the images are now, or SOURCE=FOLDER where the data has several sources.
            The run remembers it.
        only_folds: Folds to train now (default: all). With --resume: train these and no others; the run keeps them.
        max_bad_fraction: Largest fraction of images that may fail to decode.
        minutes: Minutes after which all is done: the epochs are planned from measured speed. Without --preset and
            --recipe, baseline comes first, as a run of its own, then the best presets that there is time for, then
            their ensemble, which has the name and is the last run.
        processes: Processes that train folds at the same time. The cores are divided among them.
        slurm: Hand the trainings to SLURM as one array job, with submitit: --slurm partition=gpu gpus_per_node=1
            timeout_min=240. A job that must leave its node goes back into the queue and goes on exactly; the last
            scores the run. cluster=local tries it on this machine.
        ray: Train on a Ray cluster: local starts Ray on this machine, auto joins the one that runs here, HOST:PORT the
            head of another.
        checkpoint_seconds: Seconds between two checkpoints.
        cloud_drive: The runs are on a mounted Google Drive or OneDrive, whose bin keeps deleted files: overwrite
            checkpoints in place. The run remembers it.
        reproducible: Take fixed precision, layout and engine instead of timing them, so that the same command gives the
            same bits on this machine, however busy it is; give --threads too.
        track: Tell trackers of every epoch and of the results: tensorboard, wandb, mlflow, or one of yours. They write
            into the run's folder; nothing leaves the machine that WANDB_MODE, WANDB_API_KEY or MLFLOW_TRACKING_URI does
            not ask for. With --resume: besides those of the run; none tells none.
        looks: Look for look-alikes, and for the range of a submission, when the run is scored; --no-looks saves the
            time.
    """
    given = locals()
    from podium import workflows

    console = Console(quiet=output.quiet)
    settings = machine.as_settings(
        max_bad_fraction=max_bad_fraction,
        checkpoint_seconds=checkpoint_seconds,
        cloud_drive=cloud_drive,
        reproducible=reproducible,
        looks=looks,
        processes=processes,
        slurm=slurm,
        ray=ray,
    )
    if resume is not None:
        refuse_beside_resume(train, given, takes=_OF_A_RESUME)
        wanted = _compose(recipe, settings, resume)
        done = workflows.resume(
            resume, recipe=wanted, only_folds=only_folds, root=root, settings=settings, progress=console, track=track
        )
    elif root is not None:
        raise UsageError("--root tells a run where its images are now.", fix="Give it together with --resume.")
    elif not data:
        raise UsageError(
            "no data was named.", fix="Write podium train FOLDER, or podium train --resume last to continue a run."
        )
    else:
        done = workflows.train(
            data,
            preset=recipe.preset,
            recipe=recipe.recipe,
            overrides=recipe.as_overrides(),
            metric=recipe.metric,
            seed=recipe.seed,
            hierarchy=recipe.hierarchy,
            minutes=minutes,
            folds=folds.as_options() if folds != FoldFlags() else None,
            only_folds=only_folds or None,
            options=reading.as_options() if reading != ScanFlags() else None,
            **more.as_arguments(),
            name=name,
            settings=settings,
            progress=console,
            track=track,
        )
    place = place_in_team()
    if place is None or place.leads:
        show_run(done, as_json=output.json)
    return 0


def _compose(flags: RecipeFlags, settings: Settings, resume: str) -> Recipe:
    """The recipe that a resume asks for: what is left out is as the run has it."""
    from podium.store import find_run
    from podium.workflows import compose_recipe

    file = flags.recipe
    if file is None and flags.preset is None:
        file = find_run(settings.runs, resume).recipe_file
    return compose_recipe(
        flags.preset or "baseline",
        recipe=file,
        overrides=flags.as_overrides(),
        metric=flags.metric,
        seed=flags.seed,
        hierarchy=flags.hierarchy,
    )


def show_run(run: Run, *, as_json: bool) -> None:
    """Print a finished run: its scores, where its report is, and what to try next."""
    from podium.cli.spelling import next_command
    from podium.report import print_summary, read_group_words
    from podium.splits import count_extra, describe_extra
    from podium.store import (
        arithmetic_words,
        nearest_words,
        offer_words,
        read_arithmetic,
        read_ensemble,
        read_offers,
        read_soup,
        soup_words,
    )

    left, runs = run.folder.folds_left(), run.settings.runs
    if as_json:
        scores = None if left else run.scores.to_dict()
        facts: dict[str, object] = {"run": run.name, "folder": str(run.folder.path), "folds_left": left}
        facts["extra"] = count_extra(run.samples)
        if (record := read_ensemble(run.folder)) is not None:
            facts["runs"] = [member.name for member in record.members]
        print_json(facts | {"computed_with": read_arithmetic(run.folder), "scores": scores})
        return
    if left:
        folds = f"fold{'s' if len(left) > 1 else ''} {', '.join(map(str, left))}"
        print_lines(f"run      {run.folder.path}", f"left     {folds}: scores come when the last is trained")
        print_lines(f"next     {next_command('train', '--resume', run.name, runs=runs)}")
        return
    print_summary(run.scores, run=run.folder.path, groups=read_group_words(run.folder))
    soup = read_soup(run.folder)
    print_lines("", *([f"soup     {soup_words(soup)}"] if soup else []))
    nearest = read_soup(run.folder, "nearest")
    if nearest:
        print_lines(f"nearest  {nearest_words(nearest)}")
    for offer in read_offers(run.folder):
        tune = next_command("decide", run.name, "--tune", offer["metric"], runs=runs)
        print_lines(f"tune     {offer_words(offer)}: {tune}")
    if run.samples.is_extra.any():
        print_lines(f"extra    {describe_extra(run.samples, run.folds)}")
    record = read_ensemble(run.folder)
    if record is None:
        print_lines(f"with     {arithmetic_words(read_arithmetic(run.folder))}")
    else:
        print_lines(f"of       {', '.join(member.name for member in record.members)}")
    print_lines(f"run      {run.folder.path}", f"report   {run.folder.report_file}")
    print_lines(f"next     {next_command('predict', run.name, 'FOLDER_OF_TEST_IMAGES', runs=runs)}")
    if len(run.folds.holdout_rows):
        print_lines(f"         {next_command('evaluate', run.name, '--holdout', runs=runs)}   once, at the end")
