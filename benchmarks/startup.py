"""F9: how long a command takes before it begins to work, beside other command lines.

    scripts/bench startup [--pairs 5] [--quick]

CPU seconds of whole processes, user and system, files in the page cache and bytecode compiled. A second table counts
what each of podium's commands imports.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PIL import Image
from side_by_side import Block, fresh_folder, ratio, read_options, run_command, spread, table, take_turns, values

BIN = Path(sys.executable).parent
HEAVY = ("torch", "timm", "torchvision", "sklearn", "scipy", "matplotlib", "cv2", "pandas", "pyarrow", "PIL", "numpy")
# Commands that run no network; torch is of no use to them.
NO_TORCH = ("--help", "train --help", "runs", "report", "scan", "split")


LEAKS = ["--allow-leaks", "near_duplicate", "same_bytes"]


def prepare(folder: Path) -> dict[str, list[str | Path]]:
    """Commands to time, in a folder with a few images and one finished run of the smallest network."""
    for label in ("a", "b"):
        (folder / "images" / label).mkdir(parents=True)
        for number in range(10):
            picture = Image.effect_noise((32, 32), 40 + 20 * (label == "b")).convert("RGB")
            picture.save(folder / "images" / label / f"{number}.jpg")
    podium = BIN / "podium"
    train = [podium, "train", "images", "--quiet", "--name", "one", "--folds", "2", "--preset", "baseline"]
    train += ["--set", "model.name=tiny", "head.kind=gradient", "training.epochs=1", *LEAKS]
    run_command(train, threads=1, folder=folder)
    return {
        "podium --help": [podium, "--help"],
        "podium train --help": [podium, "train", "--help"],
        "podium runs": [podium, "runs"],
        "podium report": [podium, "report", "one"],
        "podium scan": [podium, "scan", "images"],
        "podium split": [podium, "split", "images", "--folds", "2", "--out", folder / "folds", *LEAKS],
    }


OTHERS = {"yolo help": ["yolo", "help"], "accelerate --help": ["accelerate", "--help"]}


def imported(command: Sequence[str | Path], folder: Path) -> tuple[int, list[str]]:
    """How many modules a command of podium imports, and which of the heavy packages are among them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "podium", *map(str, command[1:])],
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    return len(names), [name for name in HEAVY if name in names]


def _imports(count: int | None, heavy: Sequence[str]) -> str:
    return "" if count is None else f"{count}: {', '.join(heavy)}" if heavy else str(count)


def main() -> int:
    options: argparse.Namespace = read_options(__doc__)
    block = Block(
        "F9", "Start-up: CPU seconds until a command begins", options, ["podium", "ultralytics", "accelerate"]
    )
    folder = fresh_folder("startup")
    commands = prepare(folder)
    found = {name: [BIN / call[0], *call[1:]] for name, call in OTHERS.items() if (BIN / call[0]).exists()}
    for name in OTHERS.keys() - found.keys():
        print(f"left out: {name} is not installed")
    every = commands | found
    turns = {name: partial(run_command, call, threads=1, folder=folder) for name, call in every.items()}
    for turn in turns.values():
        turn()
    records = take_turns(turns, options.pairs)
    cpu = {name: values(record, "cpu_seconds") for name, record in records.items()}
    help_s = cpu["podium --help"]
    modules = {name: imported(call, folder) for name, call in commands.items()}
    rows = []
    for name, seconds in cpu.items():
        count, heavy = modules.get(name, (None, []))
        times = ratio(seconds, help_s).value
        rows.append([name, spread(seconds), f"{times:.1f}", _imports(count, heavy)])
    block.say(*table(["command", "CPU seconds", "range", "x podium --help", "modules, and the heavy ones"], rows))
    median = sorted(help_s)[len(help_s) // 2]
    block.judge("podium --help takes at most 0.15 s of CPU", median, at_most=0.15)
    if "yolo help" in cpu:
        block.judge("at least 20 x as quick as yolo help", ratio(cpu["yolo help"], help_s), at_least=20)
    wrong = [name for name in modules if name.removeprefix("podium ") in NO_TORCH and "torch" in modules[name][1]]
    block.gate(
        "no command that does not compute imports torch",
        not wrong,
        f"{len(modules)} commands looked at" + (f"; torch is imported by {', '.join(wrong)}" if wrong else ""),
    )
    return block.finish()


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "120")
    raise SystemExit(main())
