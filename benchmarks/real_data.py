"""Scores on real data, every row a command of the command line.

    python benchmarks/real_data.py --data ../shared/data --preset baseline finetune [--sets mask7 letters ...]

Each row cross-validates one data set with one preset and prints a Markdown line: main score with its 95 % interval,
the scores of every head, images, groups, minutes. The row "mask7, row-wise" divides photos of one person between train
and valid on purpose: it is what a careless split would have claimed. Results are written into --runs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from data_flags import MASK7_FLAGS, MASK7_FOLDER

MASK7 = [MASK7_FOLDER, *MASK7_FLAGS, "--composite", "mask*6 + gender*3 + age"]
FASHION = [
    "fashion_products",
    "--label-columns",
    "gender",
    "masterCategory",
    "season",
    "usage",
    "--missing-values",
    "NA",
]

SETS = {
    "mask7": MASK7,
    "mask7, row-wise": [*MASK7, "--split-method", "random", "--allow-leaks", "same_group", "near_duplicate"],
    "letters": ["dirty_letters26"],
    "fashion": FASHION,
    "hymenoptera": ["hymenoptera", "--layout", "folders"],
    "sign_digits": ["sign_digits"],
}


def run_row(name: str, preset: str, options: argparse.Namespace) -> str:
    folder, *flags = SETS[name]
    run = f"{name}-{preset}".replace(", ", "-").replace(" ", "-")
    command = [sys.executable, "-m", "podium", "train", str(options.data / folder), *flags]
    command += ["--preset", preset, "--name", run, "--runs", str(options.runs), "--json"]
    started = time.perf_counter()
    done = subprocess.run([*command, *options.extra], stdout=subprocess.PIPE, text=True, check=False)
    minutes = (time.perf_counter() - started) / 60
    if done.returncode:
        return f"| {name} | {preset} | failed, exit code {done.returncode} | | | | {minutes:.1f} |"
    scores = json.loads(done.stdout)["scores"]
    targets = scores["targets"]
    main = targets[scores["main_target"]]
    value = main["metrics"][scores["main_metric"]]
    others = [
        f"{target} {metric} {record['metrics'][metric]['value']:.4f}"
        for target, record in targets.items()
        for metric in ("accuracy", "f1_macro")
        if metric in record["metrics"] and (target, metric) != (scores["main_target"], scores["main_metric"])
    ]
    text = f"{scores['main_metric']} {value['value']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"
    return f"| {name} | {preset} | {text} | {', '.join(others)} | {main['n']} | {main['n_groups']} | {minutes:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--preset", nargs="+", default=["baseline", "finetune"])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("extra", nargs="*", help="further options of podium train, after --")
    options = parser.parse_args()
    print("| data | preset | main score | other scores | images | groups | minutes |")
    print("|---|---|---|---|---|---|---|")
    for preset in options.preset:
        for name in options.sets:
            print(run_row(name, preset, options), flush=True)


if __name__ == "__main__":
    main()
