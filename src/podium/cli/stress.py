"""podium stress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import Metric
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, RUN, MachineFlags, OutputFlags
from podium.cli.verdicts import signed
from podium.columns import align_columns
from podium.listing import count_of, list_some
from podium.metric_words import metric_words

if TYPE_CHECKING:
    from podium.metrics.robustness import Robustness
    from podium.workflows.stress import StressCard

__all__ = ["stress"]

_MOST_CLASSES = 5


def stress(
    run: Annotated[str, Parameter(group=RUN)] = "last",
    *,
    corruptions: Annotated[
        tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="", name=["--corruptions"])
    ] = (),
    severities: Annotated[tuple[int, ...], Parameter(group=RUN, consume_multiple=True, negative="")] = (1, 2, 3, 4, 5),
    images: Annotated[int, Parameter(group=DATA)] = 500,
    metric: Annotated[Metric | None, Parameter(group=RUN)] = None,
    level: Annotated[float, Parameter(group=RUN)] = 0.9,
    seed: Annotated[int, Parameter(group=RUN)] = 0,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Make a robustness card: images are blurred, darkened, compressed and so on before the run's own preparation, and
    each is judged by the model that did not learn it. The same command goes on where it was stopped.

    Example: podium stress last --corruptions jpeg blur --images 300

    Args:
        run: A run's name, folder, or "last".
        corruptions: Corruptions: gaussian_blur, defocus_blur, motion_blur, gaussian_noise, shot_noise, jpeg,
            brightness, darkness, contrast, downscale_nearest (-bilinear, -bicubic, -lanczos, -box), resize_kernel,
            occlusion, rotation, and the words blur, noise, compression, light, scale, geometry for many (default:
            all).
        severities: Severities, 1 to 5.
        images: Images, in whole groups with every label in its share; 0 takes all.
        metric: Judge the main target by this metric (default: the run's primary one).
        level: Confidence level: of each score, of all corruptions together, of all classes together.
        seed: Seed of the corruptions and of the sample of images.
    """
    from podium.workflows.run import Run, load_run

    found = Run(load_run(run, runs=machine.runs).folder, machine.as_settings())
    card = found.stress(
        corruptions=corruptions,
        severities=severities,
        images=images,
        metric=metric,
        level=level,
        seed=seed,
        progress=Console(quiet=output.quiet),
    )
    if output.json:
        print_json(card.to_dict())
        return 0
    _show(card)
    print_lines(f"sheet    {found.folder.robustness_folder / card.sheet}", f"report   {found.folder.report_file}")
    return 0


def _show(card: StressCard) -> None:
    main = card.main
    of = "" if card.n_images == card.n_of else f" of {card.n_of:,}"
    judged = f"{count_of(main.n, 'answer')} of {count_of(main.n_groups, 'group')}"
    print_lines(
        f"{card.n_images:,}{of} images, {judged}, out of fold; {main.level:.0%} for all corruptions together",
        f"{metric_words(main.metric)} of {main.target}, clean: {main.clean}",
        "",
        *_table(card),
        "",
        f"mean     {signed(main.mean.difference)}: {main.mean.verdict}",
    )
    for name, other in card.others.items():
        print_lines(
            f"         {name}, {metric_words(other.metric)}: {signed(other.mean.difference)}: {other.mean.verdict}"
        )
    if main.harmful:
        print_lines(f"hurt by  {list_some(main.harmful)}")
    print_lines(*_classes(main), *(f"note     {note}" for note in card.notes))


def _table(card: StressCard) -> list[str]:
    header = ("corruption", *map(str, card.severities), "mean change", "verdict")
    lines = [
        [
            one.name,
            *(f"{item.value:.3f}" for item in one.scores),
            signed(one.change.difference),
            one.change.verdict,
        ]
        for one in card.main.curves
    ]
    return align_columns(header, lines, left=1)


def _classes(main: Robustness) -> list[str]:
    lines = [
        [one.name, f"{one.clean:.3f}", signed(one.change.difference), f"{one.worst} ({one.worst_recall:.3f})"]
        for one in main.classes[:_MOST_CLASSES]
    ]
    if not lines:
        return []
    return ["", *align_columns(("recall of", "clean", "mean change", "worst under"), lines, left=1)]
