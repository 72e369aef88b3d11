"""podium predict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.advice import call, option
from podium.cli.choices import Engine, Models
from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import DATA, OUTPUT, RUN, MachineFlags, OutputFlags
from podium.cli.spelling import next_command
from podium.listing import count_of

if TYPE_CHECKING:
    from podium.tables import Predictions

__all__ = ["predict"]


def predict(
    run: Annotated[str, Parameter(group=RUN)],
    data: Annotated[Path, Parameter(group=DATA)],
    *,
    rows: Annotated[Path | None, Parameter(group=DATA)] = None,
    image_column: Annotated[str | None, Parameter(group=DATA)] = None,
    delimiter: Annotated[str | None, Parameter(group=DATA)] = None,
    encoding: Annotated[str | None, Parameter(group=DATA)] = None,
    header: Annotated[bool, Parameter(group=DATA, negative="--no-header")] = True,
    follow_links: Annotated[bool, Parameter(group=DATA, negative="")] = False,
    group: Annotated[str | None, Parameter(group=DATA)] = None,
    answer_per: Annotated[str | None, Parameter(group=DATA)] = None,
    regions: Annotated[Path | None, Parameter(group=DATA)] = None,
    tta: Annotated[tuple[str, ...] | None, Parameter(group=RUN, consume_multiple=True, negative="")] = None,
    models: Annotated[Models, Parameter(group=RUN)] = "folds",
    engine: Annotated[Engine, Parameter(group=RUN)] = "auto",
    name: Annotated[str, Parameter(group=OUTPUT)] = "test",
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    machine: MachineFlags = MachineFlags(),  # noqa: B008 - frozen values
    output: OutputFlags = OutputFlags(),  # noqa: B008
) -> int:
    """Predict new images with every finished fold of a run, and average the folds. Everything goes into the run folder.
    With a folder that podium export wrote in place of the run, no torch is needed and the answers go into a table.

    Example: podium predict last data/test --tta hflip

    Args:
        run: A run's name, folder, or "last"; or the folder of an exported model.
        data: Folder of images, or a table (CSV, TSV, JSON Lines, Parquet) whose rows name images beside it.
        rows: Table whose rows name the images of the folder to predict (default: predict all of them).
        image_column: Column of the table that names the image.
        delimiter: Delimiter between two cells of the table.
        encoding: Text encoding of the table, such as cp949.
        header: Whether the first row names the columns. Without a header, columns have numbers: --image-column 1.
        follow_links: Follow links to folders outside of the folder of images.
        group: What tells which images belong together, for runs with a consensus (podium decide): a column of the
            table, "folder", or a regular expression with one pair of brackets.
        answer_per: What one answer is for (a patient, a product), for runs that were trained with it: as --group.
        regions: Table of boxes of these images (podium regions writes one), for runs whose recipe has image.region.
        tta: Views for test-time augmentation, averaged with the plain one: hflip, vflip, rot90, rot180, rot270,
            center-0.8, five-0.8, scale-0.9, tiles-2x2, and several joined by "+"; none for the plain one alone
            (default: auto, those that podium tta chose, else the recipe's).
        models: Models that predict: the mean of the folds' models, or the one on all images that podium refit trained.
        engine: What computes an exported model: onnxruntime, openvino, or auto for the faster one that is installed.
        name: Name of the prediction files.
        out: Table of an exported model's answers, a new file: .parquet or .csv. Columns: id, each answer, each
            probability as TARGET=CLASS, decode_error. A start after a stop goes on where that was.
    """
    from podium.deployed.model_record import is_model_folder

    if is_model_folder(run):
        of_runs = {
            "rows": rows, "image_column": image_column, "delimiter": delimiter, "encoding": encoding, "group": group,
            "answer_per": answer_per, "regions": regions, "tta": tta, "header": None if header else header,
            "models": None if models == "folds" else models, "name": None if name == "test" else name,
        }  # fmt: skip
        from podium.cli.predict_exported import predict_exported

        return predict_exported(Path(run), data, out, engine, machine, output, of_runs, follow_links=follow_links)
    if out is not None or engine != "auto":
        from podium.errors import UsageError

        what = "out" if out is not None else "engine"
        raise UsageError(
            f"a run's predictions stay in its folder, and {option(what)} is for exported models.",
            field=what,
            fix=f"Leave it out, or export the run: {call('podium.load_run(...).export', to='deployed')}.",
        )
    from podium.workflows.run import Run, load_run

    settings = machine.as_settings()
    found = Run(load_run(run, runs=machine.runs).folder, settings)
    predictions = found.predict(
        data,
        rows=rows,
        image_column=image_column,
        delimiter=delimiter,
        encoding=encoding,
        header=header,
        follow_links=follow_links,
        group=group,
        answer_per=answer_per,
        regions=regions,
        name=name,
        tta=tta,
        models=models,
        progress=Console(quiet=output.quiet),
    )
    from podium.predicting.expected_score import expect_of_predictions
    from podium.report import expected_words  # after the arguments are judged, as it takes its time

    path, expected = found.folder.predictions_file(name), expect_of_predictions(found.folder, name)
    if output.json:
        told = None if expected is None else expected.to_dict()
        print_json({"run": found.name, "n_images": len(predictions), "file": str(path), "expected": told})
        return 0
    bags = "" if predictions.bag is None else f", answers for {count_of(_count_bags(predictions), 'bag')}"
    print_lines(f"{count_of(len(predictions), 'image')} predicted{bags}", f"file     {path}")
    if expected is not None:
        print_lines(f"expected {expected_words(expected)}")
    named = () if name == "test" else ("--name", name)
    words = ("submit", found.name, "SAMPLE_SUBMISSION.csv", *named)
    print_lines(f"next     {next_command(*words, runs=machine.runs)}")
    return 0


def _count_bags(predictions: Predictions) -> int:
    assert predictions.bag is not None, "the predictions name bags"
    return len({bag or name for bag, name in zip(predictions.bag, predictions.ids, strict=True)})
