"""Repeats the contest stories of docs/: runs every block of a page, and writes what it printed into the page.

    python benchmarks/contest_stories.py letters --data ../shared/data [--folder FOLDER] [--write]

The page holds the commands, so it is the script. A block `text measured` gets the output of the block before it;
`measured=9` keeps its first nine lines. The table of verdicts and CPU seconds, and the chart of it in docs/images/, are
made from these outputs. Without --write only the table is printed, and the page stays as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import io
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
STORIES = {"letters": "dirty_letters26", "masks": "mask7_semisynth"}
BLOCK = re.compile(r"^```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
MADE = re.compile(r"(?<=<!-- verdicts: made by benchmarks/contest_stories.py -->\n).*?(?=<!-- end -->)", re.DOTALL)
NUMBER = r"[+-]?\d\.\d{4}"
VERDICT = re.compile(
    rf"(?P<value>{NUMBER}) \[(?P<low>{NUMBER}), (?P<high>{NUMBER})\][^\[\]\d]*?(?P<word>helps|hurts|cannot tell)"
)
COLORS = {"helps": "#2a7d4f", "hurts": "#b3402e", "cannot tell": "#777777"}


@dataclass(frozen=True)
class Step:
    """One block that ran: what was asked, what it printed, what it cost."""

    command: str
    printed: str
    cpu_s: float


@dataclass(frozen=True)
class Verdict:
    """One decision as a command printed it."""

    asked: str
    what: str
    value: float
    low: float
    high: float
    word: str


def run_python(text: str, names: dict[str, Any], folder: Path) -> Step:
    before, out = cpu_seconds(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.chdir(folder):
        exec(compile(text, "page", "exec"), names)
    return Step("python", out.getvalue(), cpu_seconds() - before)


def run_command(command: str, wanted: int, folder: Path, done_before: dict[str, Step]) -> Step:
    """What a command prints and costs; one that ran in this folder before is not run again."""
    if command in done_before:
        return done_before[command]
    print(f"$ {command}", file=sys.stderr, flush=True)
    before = cpu_seconds()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != wanted:
        raise SystemExit(f"{command!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    step = Step(command, done.stderr if wanted else done.stdout, cpu_seconds() - before)
    with (folder / "steps.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(step)) + "\n")
    return step


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def tell_story(text: str, folder: Path) -> tuple[str, list[Step]]:
    """The page with fresh outputs, and its steps."""
    kept = folder / "steps.jsonl"
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []
    done_before = {step.command: step for step in (Step(**json.loads(line)) for line in lines)}
    steps: list[Step] = []
    names: dict[str, Any] = {"__name__": "page"}
    pieces, at, printed = [], 0, ""
    for block in BLOCK.finditer(text):
        words = block["info"].split()
        if "run" in words and block["language"] == "python":
            steps.append(run_python(block["text"], names, folder))
        elif "run" in words:
            *commands, last = block["text"].replace("\\\n", " ").strip().splitlines()
            wanted = next((int(word.removeprefix("exit=")) for word in words if word.startswith("exit=")), 0)
            own = [run_command(command, 0, folder, done_before) for command in commands]
            own.append(run_command(last, wanted, folder, done_before))
            printed = "".join(step.printed for step in own)
            steps += own
        elif any(word.startswith("measured") for word in words):
            pieces += [text[at : block.start("text")], trim(printed, words)]
            at = block.end("text")
    return "".join(pieces) + text[at:], steps


def trim(printed: str, words: list[str]) -> str:
    """The first lines, as many as the block keeps; notes of refused commands are left out."""
    lines = [line.rstrip() for line in printed.strip("\n").splitlines() if not line.startswith("note:")]
    n_kept = next((int(word.partition("=")[2]) for word in words if word.startswith("measured=")), len(lines))
    return "\n".join([*lines[:n_kept], *(["..."] if len(lines) > n_kept else [])]) + "\n"


def find_verdicts(steps: list[Step]) -> list[Verdict]:
    """Decisions in the order of the story."""
    found = []
    for step in steps:
        asked = " ".join(step.command.split()[1:2])
        title, known = "", set[str]()
        for line in step.printed.splitlines():
            hit = list(VERDICT.finditer(line))
            start = line[: hit[0].start()].strip() if hit else ""
            if not hit:
                title = line.partition(": ")[2].rpartition(" without,")[0].rpartition(" ")[0] or title
                continue
            what = re.split(r"\s{2,}", start)[0].replace(
                " is the best run alone; the ensemble adds", ", the best alone"
            )
            numbers = (float(hit[-1][name]) for name in ("value", "low", "high"))
            what = f"{title} by thresholds" if what == "gain" and title else what
            if what in known:
                continue  # the classes of a comparison stand below its verdict
            known.add(what)
            found.append(Verdict(asked, what, *numbers, hit[-1]["word"]))
    return found


def make_tables(verdicts: list[Verdict], steps: list[Step], name: str) -> str:
    rows = [
        f"| `{one.asked}` | {one.what} | {one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}] | {one.word} |"
        for one in verdicts
    ]
    cost = [f"| `{short(step.command)}` | {step.cpu_s:.0f} |" for step in steps if step.command != "python"]
    total = sum(step.cpu_s for step in steps)
    head = ["", "| command | what | difference, 95 % (views: 90 %) | verdict |", "|---|---|---|---|"]
    chart = ["", f"![Every decision with its interval](images/story-{name}.svg)", ""]
    times = ["| command | CPU s |", "|---|---|", *cost, f"| all | {total:.0f} |", ""]
    return "\n".join([*head, *rows, *chart, *times]) + "\n"


def short(command: str) -> str:
    """The command without what repeats in every line."""
    words = command.split()
    return " ".join(words[:3] + (["--name", words[words.index("--name") + 1]] if "--name" in words else []))


def draw(verdicts: list[Verdict]) -> str:
    """A line a decision: its difference and interval, in the color of its verdict."""
    left, width, row = 330, 400, 22
    low, high = min([0.0, *(one.low for one in verdicts)]), max([0.0, *(one.high for one in verdicts)])
    scale = width / max(high - low, 1e-9)
    height = row * (len(verdicts) + 2)
    zero = left + (0 - low) * scale
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 110}" height="{height}"'
        ' font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="8" y2="{height - row}" stroke="#bbbbbb"/>',
        f'<text x="{zero:.1f}" y="{height - 8}" text-anchor="middle">0</text>',
        f'<text x="{left}" y="{height - 8}">{low:+.3f}</text>',
        f'<text x="{left + width}" y="{height - 8}" text-anchor="end">{high:+.3f}</text>',
    ]
    for index, one in enumerate(verdicts):
        y, color = 20 + index * row, COLORS[one.word]
        from_x, to_x, at = (left + (value - low) * scale for value in (one.low, one.high, one.value))
        lines += [
            f'<text x="4" y="{y + 4}">{html.escape(f"{one.asked}: {one.what}"[:56])}</text>',
            f'<line x1="{from_x:.1f}" x2="{to_x:.1f}" y1="{y}" y2="{y}" stroke="{color}" stroke-width="2"/>',
            f'<circle cx="{at:.1f}" cy="{y}" r="4" fill="{color}"/>',
            f'<text x="{left + width + 12}" y="{y + 4}" fill="{color}">{one.word}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("story", choices=STORIES)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds the data set")
    parser.add_argument("--folder", type=Path, help="where runs are kept (default: a new temporary folder)")
    parser.add_argument("--write", action="store_true", help="write outputs, table and chart into docs/")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / STORIES[options.story]
    if not link.exists():
        link.symlink_to((options.data / STORIES[options.story]).resolve(strict=True))
    page = REPOSITORY / "docs" / f"story-{options.story}.md"
    started = time.perf_counter()
    text, steps = tell_story(page.read_text(encoding="utf-8"), folder)
    verdicts = find_verdicts(steps)
    tables = make_tables(verdicts, steps, options.story)
    print(tables)
    print(f"{time.perf_counter() - started:.0f} s, {sum(step.cpu_s for step in steps):.0f} CPU s, in {folder}")
    if options.write:
        page.write_text(MADE.sub(lambda _: tables, text), encoding="utf-8")
        (page.parent / "images" / f"story-{options.story}.svg").write_text(draw(verdicts), encoding="utf-8")


if __name__ == "__main__":
    main()
