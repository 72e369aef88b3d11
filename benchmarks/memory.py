"""Peak memory of every command, on real images or on as many made ones as asked for.

    .venv/bin/python benchmarks/memory.py [--data ../shared/data/sign_digits] [--presets baseline quick]
    .venv/bin/python benchmarks/memory.py --many 50000 --presets baseline

Four times a second the resident memory of a command and all its children is read from the kernel: private pages of
each, and a share of those that several have (PSS). Pages of a mapped file count as long as they are resident, though
the kernel can take them back. `--many N` makes N PNGs of 256 x 256 px in ten class folders, stores them at that size
and asks for 1.5 GB at most.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cache_build import make_pngs
from side_by_side import significant, table

PODIUM = Path(sys.executable).parent / "podium"
LIMIT_MB = 1500
LOOK_S = 0.25


def run(command: Sequence[str | Path]) -> tuple[float, float, float]:
    """Seconds, and the most megabytes of the command's own process and of all its processes together."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    own, everyone = 0.0, 0.0
    while process.poll() is None:
        sizes = [proportional_mb(pid) for pid in family(process.pid)]
        own, everyone = max(own, sizes[0]), max(everyone, sum(sizes))
        time.sleep(LOOK_S)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}: {' '.join(map(str, command))}")
    return time.perf_counter() - started, own, everyone


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for parent in found:
        try:
            tasks = list(Path(f"/proc/{parent}/task").iterdir())
            found += [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def proportional_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def commands(
    data: Path, presets: Sequence[str], flags: Sequence[str], folder: Path
) -> list[tuple[str, list[str | Path]]]:
    runs, first = ["--runs", folder / "runs"], presets[0]
    sample = folder / "sample.csv"
    return [
        ("podium scan", [PODIUM, "scan", data, "--out", folder / "scan"]),
        ("podium split", [PODIUM, "split", data, "--out", folder / "folds", *runs, *flags]),
        *(
            (f"podium train --preset {name}", [PODIUM, "train", data, "--preset", name, "--name", name, *runs, *flags])
            for name in presets
        ),
        ("podium predict", [PODIUM, "predict", first, data, *runs]),
        ("podium submit", [PODIUM, "submit", first, sample, "--out", folder / "submission.csv", *runs]),
        ("podium report", [PODIUM, "report", first, *runs]),
        ("podium runs", [PODIUM, "runs", *runs]),
    ]


def write_sample(data: Path, path: Path) -> int:
    """A sample submission of every image that the folder has; gives their number."""
    kinds = (".png", ".jpg", ".jpeg")
    names = sorted(str(file.relative_to(data)) for file in data.rglob("*") if file.suffix.lower() in kinds)
    path.write_text("image,label\n" + "".join(f"{name},0\n" for name in names))
    return len(names)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("PODIUM_SHARED_DATA", "../shared/data")) / "sign_digits"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--presets", nargs="+", default=["baseline", "quick"])
    parser.add_argument("--many", type=int, help="make so many images instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, data, flags = Path(name), options.data, []
        if options.many:
            data = folder / "images"
            for place in range(10):
                (data / f"class_{place}").mkdir(parents=True)
            make_pngs(data, options.many)
            for path in sorted(data.glob("*.png")):
                path.rename(data / f"class_{int(path.stem) % 10}" / path.name)
            flags = [
                "--allow-leaks",
                "near_duplicate",
                "--set",
                "image.stored_px=256",
                "head.kind=gradient",
                "training.epochs=10",
            ]
        n_images = write_sample(data, folder / "sample.csv")
        rows, most = [], 0.0
        for title, command in commands(data, options.presets, flags, folder):
            command = command if "train" in title else [part for part in command if part not in flags[2:]]
            seconds, own, everyone = run(command)
            most = max(most, everyone)
            rows.append([title, significant(seconds), f"{own:,.0f}", f"{everyone:,.0f}"])
            print(*rows[-1], flush=True)
        print(f"\n{n_images:,} images\n")
        print("\n".join(table(["command", "seconds", "own MB", "all processes MB"], rows)))
        if options.many:
            print(f"- goal: at most {LIMIT_MB:,} MB. Measured {most:,.0f}: {'PASS' if most <= LIMIT_MB else 'MISS'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
