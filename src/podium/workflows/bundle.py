"""What `podium bundle` does: everything that makes a run's submission again somewhere else, in one folder."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.resources import files as resources
from pathlib import Path
from string import Template
from typing import Any, BinaryIO

from podium import durable
from podium.advice import call, option
from podium.bundle.asked_images import check_images, read_asked
from podium.bundle.bundle_record import IMAGES, RECORD_NAME, RUNS, SUBMISSION, BundleRecord
from podium.bundle.comparison import ON_GPUS, REDUCED, SAME_BITS
from podium.bundle.lock import lock_text, make_lock
from podium.bundle.own_wheel import make_wheel
from podium.bundle.run_files import files_of
from podium.decisions import load_blend
from podium.errors import CorruptFileError, UsageError
from podium.listing import count_of, list_some
from podium.machine import Progress
from podium.predicting.extra_columns import numbers_for
from podium.predicting.run_rules import follow_rules, load_rules
from podium.recipe import Recipe, load_recipe
from podium.store import RunFolder, check_scores, digest_rules, read_ensemble, weights_behind
from podium.submission import SubmissionOptions, fill_submission
from podium.tables import Samples, load_predictions

__all__ = ["Bundled", "bundle_run"]

_CHUNK = 1 << 20
_TEXTS = ("Dockerfile", "Dockerfile.cuda", "rerun.sh", "README.md")


@dataclass(frozen=True)
class Bundled:
    """What was written.

    Args:
        folder: Where.
        record: The content of bundle.json.
        n_bytes: Size of all files.
    """

    folder: Path
    record: BundleRecord
    n_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        record = self.record
        submission = None if record.submission is None else record.submission["sha256"]
        return {
            "folder": str(self.folder),
            "runs": list(record.runs),
            "predictions": record.prediction["name"],
            "submission_sha256": submission,
            "n_images": record.n_images,
            "has_images": record.has_images,
            "n_files": len(record.files),
            "n_bytes": self.n_bytes,
        }


def bundle_run(run: RunFolder, to: Path, progress: Progress, *, with_images: bool = False) -> Bundled:
    """Write a run as a folder that makes its submission again; see `Run.bundle`."""
    durable.check_claimable(to, "a bundle", fix=f"Name a folder that is not there yet with {option('to')}.")
    run.read()  # refuses a run of another version
    check_scores(run)
    members = _members_of(run)
    line = _last_submission(run)
    name = "test" if line is None else str(line["predictions"])
    about, asked, digests = _read_prediction(run, name)
    submission, sources = _fill_again(run, name, line)
    test_set = _test_set(name)
    sources |= {
        f"{RUNS}/{one.name}/{path.relative_to(one.path).as_posix()}": path
        for one in (run, *members)
        for path in files_of(one, test_set if one is run else None)
    }
    if with_images:
        sources |= _images_of(asked, digests)
    recipes = [load_recipe(one.recipe_file) for one in members or [run]]
    prediction = {key: about[key] for key in ("models", "views", "folds")} | {
        "name": name,
        "test_set": test_set,
        "follows_run": "views_digest" in about,
        "computed": _without_unused(about["computed"], _extras_of(recipes)),
    }
    what = None if submission is None else submission[0]
    facts = BundleRecord(
        podium=version("podium"),
        run=run.name,
        runs=(run.name, *(member.name for member in members)),
        prediction=prediction,
        submission=what,
        tolerance=max(map(_tolerance, recipes)),
        n_images=len(asked),
        has_images=with_images,
        files={},
    )
    texts = _texts(facts, recipes) | ({SUBMISSION: submission[1]} if submission is not None else {})
    return _write(to, facts, texts, sources, progress)


def _members_of(run: RunFolder) -> list[RunFolder]:
    """The runs that an ensemble asks, all beside it."""
    ensemble = read_ensemble(run)
    if ensemble is None:
        return []
    try:
        numbers_for(load_blend(ensemble.blend), None, [], None)
    except UsageError as problem:
        raise UsageError(
            f"the ensemble {run.name!r} looks at columns of a table, and a bundle has no place for it.",
            fix="Bundle its runs, or an ensemble without columns.",
        ) from problem
    folders = ensemble.folders(run)
    away = [one.name for one in folders if one.path.resolve().parent != run.path.resolve().parent]
    if away:
        raise UsageError(
            f"runs of the ensemble {run.name!r} are in other folders: {list_some(away)}.",
            fix="Put all of them into one folder of runs, and make the ensemble there.",
        )
    return folders


def _last_submission(run: RunFolder) -> dict[str, Any] | None:
    """The last line of the log of submissions; refused where it cannot be made again from this run."""
    lines = list(durable.Journal(run.submissions_file).read()) if run.submissions_file.is_file() else []
    if not lines:
        return None
    line: dict[str, Any] = lines[-1]
    again = f"Write it again with {call('podium.submit', ..., template='sample_submission.csv')}."
    if "options" not in line:
        raise UsageError("an earlier version of Podium logged the last submission.", where=run.path, fix=again)
    if len(line.get("runs", ())) > 1:
        raise UsageError(
            f"the last submission is a mean over runs: {list_some(line['runs'])}.",
            where=run.path,
            fix=f"Make them a run of its own with {call('podium.ensemble', *line['runs'])}, and submit that.",
        )
    now = {name: _digest(run.predictions_file(name)) for name in line["made_from"]["predictions"]}
    if now != line["made_from"]["predictions"] or line["made_from"]["rules"] != digest_rules(run):
        what = "the last submission was made from other predictions or decisions than are here now."
        raise UsageError(what, where=run.path, fix=again)
    return line


def _digest(path: Path) -> str | None:
    return durable.sha256_file(path) if path.is_file() else None


def _test_set(name: str) -> str:
    """The test set that predictions of one fold belong to."""
    return re.sub(r"-fold-\d+$", "", name)


def _read_prediction(run: RunFolder, name: str) -> tuple[dict[str, Any], Samples, dict[str, str]]:
    """What is known of the predictions, the images that were asked for, and their digests."""
    test_set = _test_set(name)
    path = run.predictions_file(test_set).with_suffix(".json")
    if not run.predictions_file(name).is_file() or not path.is_file():
        raise UsageError(
            f"run {run.name!r} has no submission and no predictions {name!r} that could be made again.",
            fix=f"Make them with {call(f'podium.load_run({run.name!r}).predict', 'FOLDER')} and"
            f" {call('podium.submit', ..., template='sample_submission.csv')}.",
        )
    about, folder = durable.read_json(path), run.asked_folder(test_set)
    named = {} if test_set == "test" else {"name": test_set}
    again = call(f"podium.load_run({run.name!r}).predict", about.get("root") or "FOLDER", **named)
    if "computed" not in about or not folder.is_dir():
        what = f"an earlier version of Podium made the predictions {name!r} and did not note their images."
        raise UsageError(what, where=run.path, fix=f"Make them again with {again}.")
    if about["weights"] != weights_behind(run, test_set):
        what = f"the predictions {name!r} are of other weights than are here now."
        raise UsageError(what, where=run.path, fix=f"Make them again with {again}.")
    asked, digests = read_asked(folder)
    if asked.roots:
        raise UsageError(
            "the test images come from several folders.", where=run.path, fix="Put them into one, and predict that."
        )
    return about, asked, digests


def _fill_again(
    run: RunFolder, name: str, line: Mapping[str, Any] | None
) -> tuple[tuple[dict[str, Any], bytes] | None, dict[str, Path]]:
    """The submission, filled once more to its digest, and the files that it needs."""
    if line is None:
        return None, {}
    sources: dict[str, Path] = {}
    places: dict[str, str] = {}
    for kind, given in line["sources"].items():
        path = Path(given["path"])
        if _digest(path) != given["sha256"]:
            raise UsageError(
                f"the {'sample submission' if kind == 'template' else 'table of ids'} of the last submission is gone,"
                " or another one now.",
                where=path,
                fix="Put it back, or submit again with the one that is there.",
            )
        places[kind] = f"sample/{kind}{path.suffix}"
        sources[places[kind]] = path
    predictions = load_predictions(run.predictions_file(name))
    asked = SubmissionOptions(**{**line["options"], "id_table": sources.get(places.get("id_table", ""))})
    followed = follow_rules(run, predictions.task, asked)
    made = fill_submission(
        load_rules(run, predictions.task).pool(predictions), sources.get(places.get("template", "")), followed
    )
    if hashlib.sha256(made.data).hexdigest() != line["sha256"]:
        raise CorruptFileError(
            "the last submission does not come of the predictions and the sample that are here.",
            where=run.path,
            fix="Submit again.",
        )
    record = {"sha256": line["sha256"], "options": dict(line["options"]), **places}
    return (record, made.data), sources


def _images_of(asked: Samples, digests: Mapping[str, str]) -> dict[str, Path]:
    check_images(asked, digests, fix="Put them back, predict again, or make the bundle without images.")
    return {
        f"{IMAGES}/{asked.file(row).relative_to(asked.root).as_posix()}": asked.file(row) for row in range(len(asked))
    }


def _tolerance(recipe: Recipe) -> float:
    frozen = recipe.model.freeze == "backbone"
    precision = recipe.model.frozen_precision if frozen else recipe.training.precision
    return SAME_BITS if str(precision) == "fp32" else REDUCED


def _texts(facts: BundleRecord, recipes: Collection[Recipe]) -> dict[str, bytes]:
    """Files that are written here, by their names."""
    name, wheel = make_wheel()
    lock = make_lock(extras=_extras_of(recipes))
    python, computed = platform.python_version(), facts.prediction["computed"]
    values = {
        "run": facts.run,
        "podium": facts.podium,
        "python": python,
        "cpu": computed["cpu"],
        "device": computed["device"],
        "threads": count_of(computed["threads"], "thread"),
        "images": "" if facts.has_images else "FOLDER_OF_TEST_IMAGES",
        "n_images": count_of(facts.n_images, "test image"),
        "what": "the submission" if facts.submission else "the predictions",
        "submission": SUBMISSION if facts.submission else f"{RUNS}/{facts.run}/predictions/",
        "about_submission": "the submission to compare with" if facts.submission else "the predictions to compare with",
        "tolerance": f"{facts.tolerance:g}",
        "on_gpus": f"{max(facts.tolerance, ON_GPUS):g}",
    }
    home = resources("podium.bundle") / "texts"
    texts = {text: Template((home / text).read_text("utf-8")).safe_substitute(values).encode() for text in _TEXTS}
    return texts | {
        f"wheels/{name}": wheel,
        "requirements.lock": lock_text(lock, f"wheels/{name}", python).encode(),
        "requirements-cuda.lock": "".join(f"{one}=={version}\n" for one, version in lock.of_gpus.items()).encode(),
    }


def _extras_of(recipes: Collection[Recipe]) -> set[str]:
    """Extras of Podium that these runs were made with."""
    found = {"weights"} if any(recipe.model.weights != "random" for recipe in recipes) else set()
    found |= {"openvino"} if any(recipe.model.frozen_engine == "openvino" for recipe in recipes) else set()
    return found | ({"face"} if any(recipe.image.detect for recipe in recipes) else set())


def _without_unused(computed: Mapping[str, Any], extras: Collection[str]) -> dict[str, Any]:
    """What computed, without engines that took no part."""
    packages = {name: number for name, number in computed["packages"].items() if name != "openvino" or name in extras}
    return {**computed, "packages": packages}


def _write(
    to: Path, facts: BundleRecord, texts: Mapping[str, bytes], sources: Mapping[str, Path], progress: Progress
) -> Bundled:
    """Every file, hashed as it is written, and the record of all of them last."""
    digests: dict[str, str] = {}
    sizes: dict[str, int] = {}
    record: list[BundleRecord] = []

    def copy(name: str, file: BinaryIO) -> None:
        digest, size = hashlib.sha256(), 0
        with durable.open_regular(sources[name]) as source:
            while piece := source.read(_CHUNK):
                digest.update(piece)
                size += file.write(piece)
        digests[name], sizes[name] = digest.hexdigest(), size
        update(len(digests))

    def put(name: str, file: BinaryIO) -> None:
        file.write(texts[name])
        digests[name], sizes[name] = hashlib.sha256(texts[name]).hexdigest(), len(texts[name])

    def finish(file: BinaryIO) -> None:
        record.append(BundleRecord(**{**vars(facts), "files": dict(digests)}))
        file.write(durable.sealed_bytes(record[0].to_dict()))

    writers: dict[str, Callable[[BinaryIO], object]] = {name: partial(put, name) for name in texts}
    writers |= {name: partial(copy, name) for name in sources}
    writers[RECORD_NAME] = finish
    with progress.stage("write the bundle", len(texts) + len(sources)) as update:
        durable.write_folder(to, writers)
    return Bundled(to, record[0], sum(sizes.values()))
