"""The pages under docs/ do what they say: their blocks run, their output is the one shown, their links lead somewhere.

A fenced block whose info string holds `run` is executed, from top to bottom, each page in a folder of its own:

    ```sh run              every line is a command that must end with exit code 0
    ```sh run exit=3       the last line must end with exit code 3
    ```python run          executed; names live on until the end of the page
    ```text output         what the block above printed on standard output (for exit=..., on standard error)

Numbers with a decimal point are measurements and may differ; everything else in an output must be the same. Under
`text output about` whole numbers are measurements too: how many images a model gets wrong differs between processors.
An output may end with a line `...` where it is longer than the page shows.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import inspect
import io
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import podium
from podium.cli import COMMANDS
from podium.cli.commands import list_arguments
from podium.errors import WeightsError
from podium.machine.weight_packages import find_weight_file
from podium.models import PACKAGED
from podium.recipe import PRESETS, apply_overrides, find_preset

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.glob("*.md"))
LINKED = [*PAGES, *(REPOSITORY / name for name in ("README.md", "DESIGN.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
EXAMPLES = sorted((REPOSITORY / "examples").glob("*.py"))
BLOCK = re.compile(r"^```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s#]*)(?:#(?P<anchor>[^)\s]*))?\)")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    @property
    def exit_code(self) -> int:
        return next((int(word.removeprefix("exit=")) for word in self.words if word.startswith("exit=")), 0)


def read_blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(found["language"], tuple(found["info"].split()), found["text"], text.count("\n", 0, found.start()) + 1)
        for found in BLOCK.finditer(text)
    ]


AS_A_READER = {"audit", "getting-started", "labels", "pitfalls", "predict-and-submit", "recipes", "study"}
"""Pages whose output hangs on what a model answers. On the others scores are masked, and `baseline` and `quick` are
given the tiny network without weights, one view and one head: most of the time of all pages went into features and into
the choice of heads."""
SMALL = [
    "model.name=tiny",
    "model.weights=random",
    "image.size_px=32",
    "feature_views=[plain]",
    "predict_views=[plain]",
]
ONE_HEAD = ["head.kind=logistic", "head.C=1"]
CHOOSES_HEADS = {"decisions"}
"""Pages that ask for what one head without a choice does not reach."""
ONE_HEAD_AS_A_READER = {"labels", "predict-and-submit", "recipes"}
"""Pages whose output stays the same with one head of the real network."""
SOAKED = {"pitfalls", "study"}
"""Pages whose trainings take a minute of CPU time and more; `pytest -m soak tests/docs` runs them."""
RUNNABLE = [
    pytest.param(page, id=page.stem, marks=pytest.mark.soak if page.stem in SOAKED else ())
    for page in PAGES
    if any("run" in block.words for block in read_blocks(page))
]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every page works in a folder of its own. Decoded images and features are made once for all of them."""
    try:
        find_weight_file(PACKAGED["tf_efficientnet_lite0"])
    except WeightsError as missing:
        pytest.skip(f"the pages use packaged weights: {missing.fix}")
    folder = tmp_path_factory.mktemp("pages")
    (folder / ".cache").mkdir()
    return folder


def enter_own_folder(workshop: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = workshop / name
    for runs in (folder / "runs", folder / "demo" / "runs"):
        runs.mkdir(parents=True)
        (runs / ".cache").symlink_to(workshop / ".cache")
    monkeypatch.chdir(folder)


@pytest.mark.long
@pytest.mark.parametrize("page", RUNNABLE)
def test_every_runnable_block_runs_and_prints_what_the_page_shows(
    page: Path, workshop: Path, monkeypatch: pytest.MonkeyPatch, shared_data: Callable[[str], Path]
) -> None:
    enter_own_folder(workshop, page.stem, monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    if page.stem in STORIES:
        name, copy = STORIES[page.stem]
        copy(shared_data(name), Path.cwd() / name)
    if page.stem in ONE_HEAD_AS_A_READER:
        change_presets(monkeypatch, {"baseline": ONE_HEAD})
    elif page.stem not in AS_A_READER:
        make_presets_small(monkeypatch, [] if page.stem in CHOOSES_HEADS else ONE_HEAD)
    names: dict[str, Any] = {"__name__": "page"}
    printed = ""
    for block in read_blocks(page):
        place = f"{page.name}, line {block.line}"
        if "run" in block.words:
            printed = run_python(block, names) if block.language == "python" else run_shell(block, place)
        elif "output" in block.words:
            shown, whole = (masked(text, whole_numbers="about" in block.words) for text in (block.text, printed))
            if shown[-1] == "...":
                shown, whole = shown[:-1], whole[: len(shown) - 1]
            assert whole == shown, place


def make_presets_small(monkeypatch: pytest.MonkeyPatch, head: list[str]) -> None:
    """Whatever trains them from here on takes a tenth of the time."""
    trained = [*(line for line in SMALL if "feature_views" not in line), "model.frozen_blocks=1", "training.epochs=1"]
    change_presets(monkeypatch, {"baseline": [*SMALL, *head], "quick": trained})


def change_presets(monkeypatch: pytest.MonkeyPatch, changes: Mapping[str, list[str]]) -> None:
    """Presets with these lines, under their own names."""
    for name, lines in changes.items():
        small = apply_overrides(find_preset(name), lines).model_copy(update={"preset": name})
        monkeypatch.setitem(PRESETS, name, lambda small=small: small)


def copy_table(source: Path, target: Path, lines: list[str], folder: str) -> None:
    """A table with these lines, and the images that their first cells name."""
    (target / folder).mkdir(parents=True)
    target.joinpath(source.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for line in lines[1:]:
        name = Path(line.split(",")[0]).name
        shutil.copy(source.parent / folder / name, target / folder / name)


def copy_letters(source: Path, target: Path) -> None:
    """Every eighth image."""
    lines = (source / "labels.csv").read_text(encoding="utf-8").splitlines()
    copy_table(source / "labels.csv", target, [lines[0], *lines[1::8]], "images")


def copy_faces(source: Path, target: Path) -> None:
    """Every ninth person, and 30 images of the test set."""
    for person in sorted((source / "train" / "images").iterdir())[::9]:
        shutil.copytree(person, target / "train" / "images" / person.name)
    lines = (source / "eval" / "info.csv").read_text(encoding="utf-8").splitlines()[:31]
    copy_table(source / "eval" / "info.csv", target / "eval", lines, "images")


STORIES = {"story-letters": ("dirty_letters26", copy_letters), "story-masks": ("mask7_semisynth", copy_faces)}
"""Pages about optional data sets. Their outputs come from `benchmarks/contest_stories.py`, which trains what the page
says; here their commands run on few images."""


def run_python(block: Block, names: dict[str, Any]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * block.line + block.text, "page", "exec"), names)
    return printed.getvalue()


def run_shell(block: Block, place: str) -> str:
    *commands, last = block.text.replace("\\\n", " ").strip().splitlines()
    printed = ""
    for command in commands:
        printed += run_command(command, 0, place)
    return printed + run_command(last, block.exit_code, place)


def run_command(command: str, wanted: int, place: str) -> str:
    """`podium ...` in this process, which is faster; anything else in a shell."""
    if not command.startswith("podium ") or any(mark in command for mark in ">&;"):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        shell = ["bash", "-o", "pipefail", "-c", command]
        done = subprocess.run(shell, capture_output=True, text=True, check=False, env=os.environ | {"PATH": path})
        code, out, err = done.returncode, done.stdout, done.stderr
    else:
        from podium.cli import main

        streams = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            code = main(shlex.split(command, comments=True)[1:])
        out, err = (stream.getvalue() for stream in streams)
    assert code == wanted, f"{place}: {command!r} ended with {code}:\n{out}{err}"
    return err if wanted else out


def masked(text: str, *, whole_numbers: bool) -> list[str]:
    """Lines with measurements and column widths taken out; empty lines do not count."""
    text = re.sub(r"\d+(\.\d+)?" if whole_numbers else r"\d+\.\d+", "#", text)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@pytest.mark.long
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_runs(
    example: Path, workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enter_own_folder(workshop, f"example {example.stem}", monkeypatch)
    make_presets_small(monkeypatch, ONE_HEAD)
    runpy.run_path(str(example), run_name="__main__")
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_short(example: Path) -> None:
    assert len(example.read_text(encoding="utf-8").splitlines()) < 40


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for found in LINK.finditer(text):
        target = found["target"]
        if "://" in target:
            continue
        path = page if not target else (page.parent / target)
        assert path.exists(), f"{page.name} links to {target}"
        if found["anchor"] and path.suffix == ".md":
            assert found["anchor"] in list(anchors(path)), f"{page.name} links to {target}#{found['anchor']}"


def anchors(page: Path) -> Iterator[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_every_page_is_named_in_the_readme(page: Path) -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    if page.name != "README.md":
        assert page.relative_to(REPOSITORY).as_posix() in text


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "glossary"], ids=lambda page: page.name)
def test_every_page_links_the_glossary(page: Path) -> None:
    assert "](glossary.md" in page.read_text(encoding="utf-8")


WORDS = (
    "CPU", "GPU", "backbone", "cross-validation", "early stopping", "Kaggle", "Colab", "ensemble", "faster",
    "fine-tuning", "transfer learning", "data leakage", "confidence interval", "test-time augmentation",
)  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_pages_use_the_words_that_readers_search_for(word: str) -> None:
    texts = [page.read_text(encoding="utf-8").lower() for page in [*PAGES, REPOSITORY / "README.md"]]
    assert sum(word.lower() in text for text in texts) >= 2


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_pages_use_the_terms_of_the_field(page: Path) -> None:
    """One word for one thing; the left one is what we used to say."""
    text = page.read_text(encoding="utf-8").lower()
    for old in ("trunk", "processor", "squash", "likeliest", "quicker", "nowhere to be had"):
        assert not re.search(rf"\b{old}s?\b", text), f"{page.name} says {old!r}"


@pytest.mark.slow
def test_recipes_page_is_what_the_recipe_says() -> None:
    tool = load_script("recipe_docs")
    text = tool.PAGE.read_text(encoding="utf-8")
    assert tool.splice(text) == text, "run scripts/recipe_docs"


@pytest.mark.long
def test_the_command_line_page_is_what_the_commands_say() -> None:
    tool = load_script("cli_docs")
    text = tool.PAGE.read_text(encoding="utf-8")
    assert tool.make_page() == text, "run scripts/cli_docs"
    for command in COMMANDS:
        assert f"\n## `podium {command}`\n" in text
        for argument in list_arguments(command):
            assert argument.index is not None or all(f"`{name}" in text for name in argument.names)


def load_script(name: str) -> ModuleType:
    path = REPOSITORY / "scripts" / name
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_metrics_page_names_every_metric() -> None:
    from podium.metrics import METRICS

    text = (DOCS / "metrics.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE))
    known = {name for name in METRICS if not name.startswith("top_")} | {"top_k_accuracy"}
    assert listed == known


def test_python_page_describes_every_public_name() -> None:
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^### `(\w+)", text, re.MULTILINE))
    assert described == set(podium.__all__)


@pytest.mark.parametrize("name", [name for name in podium.__all__ if inspect.isfunction(getattr(podium, name))])
def test_python_page_names_the_parameters_of_every_function(name: str) -> None:
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    shown = re.search(rf"^### `{name}\((.*?)\)(?: ->|`)", text, re.MULTILINE)
    assert shown is not None
    names = [part.strip().partition("=")[0].lstrip("*") for part in shown[1].split(",")]
    assert [word for word in names if word] == list(inspect.signature(getattr(podium, name)).parameters)


def test_training_page_lists_every_exit_code() -> None:
    from podium.cli import EXIT_CODES

    text = (DOCS / "training.md").read_text(encoding="utf-8")
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)]
    assert listed == list(EXIT_CODES)


def test_pages_hold_no_leftover_of_a_machine() -> None:
    """Paths of the machine that a page was written on do not belong into it."""
    for page in LINKED:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"/(?:tmp|root|home|work)/", text), page.name


def test_podium_is_on_the_path_for_readers() -> None:
    """The blocks call `podium`; an installed package has it."""
    assert shutil.which("podium", path=str(Path(sys.executable).parent))
