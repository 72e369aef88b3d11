"""What `podium rerun` does: the predictions of a bundle made again, and its submission compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from podium import durable
from podium.advice import option
from podium.arguments import strict_arguments
from podium.bundle.asked_images import check_images, read_asked
from podium.bundle.bundle_record import IMAGES, RUNS, SUBMISSION, BundleRecord, read_bundle
from podium.bundle.comparison import ON_GPUS, Comparison, compare_predictions
from podium.errors import PodiumError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings, default_progress
from podium.machine.device import choose_device
from podium.machine.tuning import restored_torch
from podium.predicting.run_rules import follow_rules, load_rules
from podium.store import RunFolder, describe_arithmetic
from podium.submission import SubmissionOptions, fill_submission
from podium.tables import Predictions, load_predictions, save_predictions
from podium.workflows.predict import predict_run

__all__ = ["Rerun", "rerun"]

RESULT_NAME, PREDICTIONS_NAME = "rerun.json", "predictions.parquet"


@dataclass(frozen=True)
class Rerun:
    """What came of predicting again.

    Args:
        folder: Where the new submission and rerun.json are.
        same_bytes: Whether the submission is equal to the byte; without one, whether the probabilities are to the bit.
        n_lines: Lines of the submission that differ; None without one.
        compared: The probabilities and answers beside those of before.
        computed: What computed them now: CPU, device, threads, versions.
        computed_before: The same of the predictions of before.
    """

    folder: Path
    same_bytes: bool
    n_lines: int | None
    compared: Comparison
    computed: Mapping[str, Any]
    computed_before: Mapping[str, Any]

    @property
    def agrees(self) -> bool:
        """Whether it is the same to the byte, or within the tolerance."""
        return self.same_bytes or self.compared.is_within

    @property
    def differences(self) -> list[str]:
        """What is another thing than before: CPU, device, threads, versions of packages."""
        now, before = ({**facts, **facts.get("packages", {})} for facts in (self.computed, self.computed_before))
        return [
            f"{key} {before[key]}, now {now.get(key)}"
            for key in before
            if key != "packages" and before[key] != now.get(key)
        ]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "folder": str(self.folder),
            "agrees": self.agrees,
            "same_bytes": self.same_bytes,
            "n_lines": self.n_lines,
            "compared": self.compared.to_dict(),
            "differences": self.differences,
            "computed": dict(self.computed),
            "computed_before": dict(self.computed_before),
        }


@strict_arguments()
def rerun(
    bundle: str | Path,
    images: str | Path | None = None,
    *,
    to: str | Path = "rerun",
    exact: bool = False,
    device: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Rerun:
    """Predict a bundle's test images again, and compare the submission with the one that was written.

    First the digests of the bundle's files and of the images are compared. The bundle itself is not changed.

    Args:
        bundle: A folder that `podium bundle` wrote.
        images: Folder of the test images; None takes those in the bundle.
        to: A new or empty folder for submission.csv, predictions.parquet and rerun.json.
        exact: Whether less than equal bytes is a failure.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps"; "auto" takes what computed before, where this machine has it.
        threads: CPU threads; None takes as many as before, because the number changes the last bits.
        progress: Receives progress and notes.

    Returns:
        What was found; rerun.json holds it too.

    Raises:
        UsageError: If this is no bundle, the folder is taken, or no images are named or in it.
        CorruptFileError: If a file of the bundle was changed.
        ImageError: If test images are missing or others; names them.
        PodiumError: If the predictions or the submission disagree; names the worst image.
    """
    home, to, said = Path(bundle), Path(to), progress or default_progress()
    durable.check_claimable(to, "a rerun", fix=f"Name a folder that is not there yet with {option('to')}.")
    record = read_bundle(home)
    root = _root(home, images, record)
    place = RunFolder(home / RUNS / record.run).asked_folder(record.prediction["test_set"])
    asked, digests = read_asked(place, root=root)
    check_images(asked, digests, fix="Name the folder of the images that were predicted.")
    before = record.prediction["computed"]
    if device == "auto":
        device = "cpu" if before["device"] == "cpu" else "auto"
    settings = Settings(runs=to / RUNS, device=device, threads=threads or before["threads"])
    durable.make_folder(to)
    try:
        with restored_torch():
            made = _predict(home, record, replace(asked, root=root), settings, said)
        run = RunFolder(settings.runs / record.run)
        found = _compare(home, to, run, record, made, settings)
    finally:
        durable.remove_tree(settings.runs)
    durable.write_sealed(to / RESULT_NAME, found.to_dict())
    _judge(found, exact=exact)
    return found


def _root(home: Path, images: str | Path | None, record: BundleRecord) -> Path:
    if images is None and not record.has_images:
        raise UsageError(
            f"the bundle holds no test images; it needs {count_of(record.n_images, 'image')}.",
            where=home,
            fix="Name their folder after the bundle's.",
        )
    root = home / IMAGES if images is None else Path(images)
    if not root.is_dir():
        raise UsageError("this is no folder of images.", where=root)
    return root


def _predict(home: Path, record: BundleRecord, asked: Any, settings: Settings, progress: Progress) -> Predictions:
    """The predictions, made in a copy of the runs that has none of before."""
    about = record.prediction
    is_old = f"{RUNS}/{record.run}/predictions/{about['test_set']}"
    for name in record.runs:
        start = f"{RUNS}/{name}/"
        own = [path for path in record.files if path.startswith(start) and not path.startswith(is_old)]
        durable.write_folder(
            settings.runs / name, {path.removeprefix(start): partial(_copy, home / path) for path in own}
        )
    run = RunFolder(settings.runs / record.run)
    views = None if about["follows_run"] else (about["views"] or None)
    predict_run(run, asked, settings, progress, name=about["test_set"], views=views, models=about["models"])
    return load_predictions(run.predictions_file(about["name"]))


def _copy(source: Path, file: BinaryIO) -> None:
    with durable.open_regular(source) as data:
        while piece := data.read(1 << 20):
            file.write(piece)


def _compare(
    home: Path, to: Path, run: RunFolder, record: BundleRecord, made: Predictions, settings: Settings
) -> Rerun:
    before, now = (
        record.prediction["computed"],
        describe_arithmetic(choose_device(settings.device).type, settings.n_threads),
    )
    tolerance = max(record.tolerance, ON_GPUS if {before["device"], now["device"]} != {"cpu"} else 0.0)
    rules = load_rules(run, made.task)
    wanted = load_predictions(RunFolder(home / RUNS / record.run).predictions_file(record.prediction["name"]))
    compared = compare_predictions(made, wanted, rules, tolerance)
    save_predictions(made, to / PREDICTIONS_NAME)
    if record.submission is None:
        return Rerun(to, compared.has_same_bits, None, compared, now, before)
    given = {name: home / record.submission[name] for name in ("template", "id_table") if name in record.submission}
    options = SubmissionOptions(**{**record.submission["options"], "id_table": given.get("id_table")})
    options = follow_rules(run, made.task, options)
    data = fill_submission(rules.pool(made), given.get("template"), options).data
    durable.write_bytes(to / SUBMISSION, data)
    is_same = hashlib.sha256(data).hexdigest() == record.submission["sha256"]
    old = durable.read_bytes(home / SUBMISSION).splitlines()
    new = data.splitlines()
    n_lines = sum(one != other for one, other in zip(old, new, strict=False)) + abs(len(old) - len(new))
    return Rerun(to, is_same, n_lines, compared, now, before)


def _judge(found: Rerun, *, exact: bool) -> None:
    """Raise PodiumError where it is not the same, or not to the byte if that was asked for."""
    compared = found.compared
    if found.same_bytes or (found.agrees and not exact):
        return
    far = (
        f"; {count_of(compared.n_far, 'answer differs', 'answers differ')} by more, the first of {compared.first_far!r}"
        if compared.n_far
        else ""
    )
    raise PodiumError(
        f"the predictions made again differ: a probability by {compared.largest:.2g} for image {compared.worst!r}"
        f" (at most {0.0 if exact else compared.tolerance:g} is allowed){far}.",
        where=found.folder,
        fix="Compare the environments; both are in rerun.json.",
        details=found.differences,
    )
