"""R18: files of the user stay what they are, whatever stands in a run folder from elsewhere and whatever is named."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from podium.errors import PodiumError
from podium.store import RunFolder, create_run

from .command_line import LEAKS, TINY, ask, ask_well, draw_pets, refusal_problem
from .trial import Figure, Trial, count

__all__ = ["TRIALS"]

MACHINE = ("--threads", "1", "--device", "cpu")


def _state(folder: Path) -> dict[str, str]:
    """Every file and folder below a folder, with what it is and holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = "link" if path.is_symlink() else "folder" if path.is_dir() else "file" if path.is_file() else "odd"
        content = hashlib.sha256(path.read_bytes()).hexdigest() if kind == "file" else ""
        found[str(path.relative_to(folder))] = f"{kind} {content}"
    return found


def _start(folder: Path) -> None:
    """A finished run "mine" of two folds with predictions, decisions, a submission and plots, and its cache."""
    draw_pets(folder)
    ask_well(folder, "train", "pets", *TINY, "--folds", "2", "--name", "mine", *LEAKS)
    ask_well(folder, "predict", "mine", "pets", *MACHINE)
    ask_well(folder, "submit", "mine")


# Links inside


def _put_link(path: Path, victims: Path, kind: str) -> None:
    """Move a file or folder out of the run, and put a link to it in its place."""
    victim = victims / path.name
    shutil.move(path, victim)
    if kind == "hard":
        path.hardlink_to(victim)
    else:
        path.symlink_to(victim)


COMMANDS: tuple[tuple[object, ...], ...] = (
    ("report", "mine"),
    ("decide", "mine"),
    ("submit", "mine"),
    ("predict", "mine", "pets", *MACHINE),
    ("train", "--resume", "mine", *MACHINE),
    ("train", "pets", *TINY, "--folds", "2", "--name", "next", *LEAKS),
    ("runs",),
)


def _try_link(name: str, kind: str, is_unfinished: bool, root: Path) -> str | None:
    place, victims = root / "at", root / "victims"
    shutil.copytree(root / "start", place, symlinks=True)
    victims.mkdir()
    try:
        if is_unfinished:  # so that a resume writes trainings too
            shutil.rmtree(place / "runs" / "mine" / "fold-1" / "all", ignore_errors=True)
            (place / "runs" / "mine" / "predictions" / "oof-fold-1.parquet").unlink()
            (place / "runs" / "mine" / "fold-1" / "all").mkdir()
        target = place / "runs" / name
        if not target.exists():
            return None
        _put_link(target, victims, kind)
        before = _state(victims)
        for command in COMMANDS:
            answer = ask(*command, "--runs", place / "runs", "--json", at=place)
            if _state(victims) != before:
                return f"podium {command[0]} changed a file behind a link"
            problem = refusal_problem(answer, answer.code, with_fix=False) if answer.code else None
            if problem:
                return f"podium {command[0]}: {problem[:300]}"
    finally:
        shutil.rmtree(place)
        shutil.rmtree(victims)
    return None


def _places(runs: Path) -> Iterator[tuple[str, str, bool]]:
    for path in sorted(runs.rglob("*")):
        name = str(path.relative_to(runs))
        if name in ("mine", ".cache"):  # these a user may have moved to another disk
            continue
        for kind in ("symbolic", "hard") if path.is_file() else ("symbolic",):
            yield name, kind, False
            yield name, kind, True


def _links(n: int, folder: Path) -> Figure:
    _start(folder / "start")
    places = list(_places(folder / "start" / "runs"))
    order = np.random.default_rng(18).permutation(len(places))[:n]
    chosen = [places[k] for k in sorted(order)]
    note = f"{len(COMMANDS)} commands each; every file and folder of a run and its cache as a link"
    return count(
        (
            (f"{name}, {kind}, {'unfinished' if odd else 'finished'}", partial(_try_link, name, kind, odd, folder))
            for name, kind, odd in chosen
        ),
        note,
    )


# Names of the user's own files


def _lay_out_mine(folder: Path) -> None:
    """Folders of a user with files that are called as Podium calls its own."""
    for name in ("photos", "photos/cat", "run.json", "last", "마스크", "a b"):
        (folder / name).mkdir(parents=True)
        for inner in (
            "samples.csv",
            "recipe.yaml",
            "report.html",
            "scores.json",
            "run.lock",
            "cat.jpg",
            "manifest.json",
        ):
            (folder / name / inner).write_text(f"mine: {name}/{inner}")
    for name in ("thesis.docx", "samples.csv", "submission.csv", "run.lock", "podium-details.txt"):
        (folder / name).write_text(f"mine: {name}")
    (folder / "link").symlink_to("photos")
    (folder / "link.csv").symlink_to("thesis.docx")
    (folder / "dangling.csv").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.csv")


def _names() -> list[str]:
    plain = [
        "photos",
        "photos/cat",
        "run.json",
        "last",
        "마스크",
        "a b",
        "link",
        "thesis.docx",
        "samples.csv",
        "link.csv",
    ]
    plain += ["submission.csv", "dangling.csv", "pipe.csv", "photos/samples.csv", "photos/report.html", "run.lock"]
    ways = ["{}", "./{}", "photos/../{}", "link/../{}", "{}/", "{}/.", "//{}", "{} ", "../mine/{}"]
    return [way.format(name) for name in plain for way in ways]


def _doors(root: Path, name: str) -> Iterator[tuple[object, ...]]:
    mine = root / "mine"
    yield ("scan", root / "start" / "pets", "--out", name)
    yield ("split", root / "start" / "pets", "--folds", "2", "--cache", root / "cache", "--out", name)
    yield ("submit", "mine", "--runs", root / "start" / "runs", "--out", name)
    yield ("train", root / "start" / "pets", *TINY, "--cache", root / "cache", "--runs", mine, "--name", name)
    yield ("demo", "--folder", name)


def _try_name(name: str, root: Path) -> str | None:
    mine = root / "mine"
    before = _state(mine)
    for command in _doors(root, name):
        if command[0] == "demo":
            from podium.demo import prepare

            with suppress(PodiumError):
                prepare("sign_digits", mine / name)
            code = 0
        else:
            answer = ask(*command, "--json", at=mine)
            code = answer.code
            problem = refusal_problem(answer, code, with_fix=False) if code else None
            if problem:
                return f"podium {command[0]}: {problem[:300]}"
        after = _state(mine)
        changed = [path for path in before if after.get(path) != before[path]]
        if changed:
            return f"podium {command[0]} changed {changed[:3]}"
        for path in sorted(set(after) - set(before), reverse=True):
            made = mine / path
            made.rmdir() if made.is_dir() else made.unlink()
    return None


def _hostile_names(n: int, folder: Path) -> Figure:
    _start(folder / "start")
    (folder / "mine").mkdir()
    _lay_out_mine(folder / "mine")
    names = _names()
    order = np.random.default_rng(18).permutation(len(names))[:n]
    doors = len(list(_doors(folder, "x")))
    return count(
        ((repr(names[k]), partial(_try_name, names[k], folder)) for k in sorted(order)),
        f"{doors} ways to name it each: runs, scans, prepared data, submissions, demo data",
    )


def _try_folder(k: int, root: Path) -> str | None:
    """A folder with some of the files of a run, and one file that is none of it."""
    rng = np.random.default_rng([18, k])
    names = ["recipe.yaml", "samples.csv", "folds.csv", "environment.json", "report.html", "scores.json", "photo.jpg"]
    chosen = rng.choice(names, size=rng.integers(1, len(names) + 1), replace=False).tolist()
    folder = root / f"run-{k}"
    folder.mkdir()
    for name in chosen:
        (folder / name).write_text(f"mine: {name}")
    before = _state(folder)
    try:
        create_run(root, folder.name, {}, fill=lambda run: RunFolder(run.path).recipe_file.unlink())
    except PodiumError:
        return None if _state(folder) == before else "refused, but changed"
    return "taken for a run"


def _folders(n: int, folder: Path) -> Figure:
    return count((f"folder {k}", partial(_try_folder, k, folder)) for k in range(n))


TRIALS: tuple[Trial, ...] = (
    Trial("R18", "a file or folder of a run that is a link: nothing behind it changes", _links, 1000, 4),
    Trial("R18", "names of the user's own files and folders given to commands", _hostile_names, 200, 3),
    Trial("R18", "folders of the user with the file names of a run", _folders, 200, 20),
)
