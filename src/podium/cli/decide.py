"""podium decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.choices import Calibrator, Decoding, Metric, PoolOrAuto
from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, RUN, ResultFlags
from podium.cli.prevalence import read_prevalence
from podium.cli.thresholds import read_thresholds

__all__ = ["decide"]


def decide(
    run: Annotated[str, Parameter(group=RUN)] = "last",
    *,
    thresholds: Annotated[tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="")] = (),
    decoding: Annotated[Decoding, Parameter(group=RUN)] = "independent",
    consensus: Annotated[tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="")] = (),
    hierarchy: Annotated[Path | None, Parameter(group=RUN)] = None,
    pool: Annotated[PoolOrAuto | None, Parameter(group=RUN)] = None,
    tune: Annotated[Metric | None, Parameter(group=RUN)] = None,
    one_threshold: Annotated[bool, Parameter(group=RUN, negative="")] = False,
    calibrate: Annotated[Calibrator | None, Parameter(group=RUN)] = None,
    abstain: Annotated[float | None, Parameter(group=RUN)] = None,
    coverage: Annotated[float | None, Parameter(group=RUN)] = None,
    conformal: Annotated[float | None, Parameter(group=RUN)] = None,
    prevalence: Annotated[tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="")] = (),
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Set how a run turns probabilities into answers; predict and submit follow. Without options, back to the default.

    Example: podium decide last --tune f1_macro

    Args:
        run: A run's name, folder, or "last".
        thresholds: Lowest probability of a 1 for multi-label targets: 0.4 for all classes, or 'cat=0.3'.
        decoding: Composite class and attributes: each by its own probabilities (independent), attributes read off the
            class (class_first), or the class read off the attributes (attributes_first).
        consensus: Targets that are the same for all images of a group, such as a person's gender and age: the group
            answers them together.
        hierarchy: Table with the columns class and parent: the answer is a class of the most probable parent, and the
            level of the parents is compared too.
        pool: For a run with one answer for several images: how their probabilities become one (default: the recipe's).
            auto takes the pool with the best out-of-fold score, and says what such a choice is worth.
        tune: Metric that thresholds (several labels), class weights (one class) or cut points (ordered classes) shall
            lift. They are chosen on all folds, and judged on folds that did not choose; what does not help is not kept.
        one_threshold: Tune one threshold for all classes of a multi-label target.
        calibrate: Scale the probabilities of every target for the least log loss on folds that did not choose: one
            temperature for all classes, or a scale and a shift a class (vector).
        abstain: Say "unknown" below the confidence at which this share of the answers given is wrong (0.05).
        coverage: Say "unknown" but for this share of the images, the surest ones (0.8).
        conformal: Give sets of classes beside the answers, this share of which holds the truth (0.95).
        prevalence: Shares of the classes among new images: 'cat=0.2', a table with the columns class and share, or
            estimate (from the run's predictions of new images; estimate:NAME names which). Their probabilities follow.
        runs: Folder of all runs.
    """
    from podium.store import find_run
    from podium.workflows.decide import decide_run

    found = find_run(runs, run)
    given = read_thresholds(thresholds)
    decision = decide_run(
        found,
        thresholds=given,
        decoding=decoding,
        consensus=consensus,
        hierarchy=hierarchy,
        pool=pool,
        tune=tune,
        one_threshold=one_threshold,
        calibrate=calibrate,
        abstain=abstain,
        coverage=coverage,
        conformal=conformal,
        prevalence=read_prevalence(prevalence),
    )
    if output.json:
        print_json(decision.to_dict())
        return 0
    where = f"written to {found.decisions_file}" if found.decisions_file.is_file() else "back to the default"
    print_lines(*decision.lines(), where)
    return 0
