"""What `import podium` offers: a list that changes on purpose only, every name of it documented."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import podium

PUBLIC = [
    "Callback",
    "Composite",
    "DeployedModel",
    "FoldOptions",
    "Folds",
    "Head",
    "ImageClassifier",
    "PodiumError",
    "Predictions",
    "Prepared",
    "Recipe",
    "Run",
    "Samples",
    "Scan",
    "ScanOptions",
    "Scores",
    "Settings",
    "Task",
    "Tracker",
    "agree",
    "audit",
    "auto",
    "compare",
    "compose_recipe",
    "ensemble",
    "find_label_errors",
    "find_regions",
    "leaderboard",
    "list_runs",
    "load_model",
    "load_parts",
    "load_run",
    "lr_find",
    "make_folds",
    "mean_predictions",
    "prepare",
    "preview",
    "proxy",
    "read_events",
    "register_detector",
    "register_loss",
    "register_metric",
    "register_tracker",
    "rerun",
    "resume",
    "resume_auto",
    "resume_search",
    "resume_study",
    "scan",
    "score_predictions",
    "search",
    "stickers",
    "stress",
    "study",
    "submit",
    "train",
    "tune_process",
]


def test_the_public_names_are_these() -> None:
    assert podium.__all__ == PUBLIC
    assert set(dir(podium)) >= {*PUBLIC, "__version__"}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(podium, name)
    assert value.__name__ == name
    text = inspect.getdoc(value)
    assert text
    assert text.splitlines()[0].endswith((".", ":"))


FUNCTIONS = [name for name in PUBLIC if name[0].islower()]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_documents_every_argument_and_its_errors(name: str) -> None:
    function = getattr(podium, name)
    text = inspect.getdoc(function) or ""
    parameters = list(inspect.signature(function).parameters)
    if len(parameters) > 1:
        section = text.split("Args:")[1].split("\n\n")[0]
        told = {line.strip().split(":")[0].lstrip("*") for line in section.splitlines() if ":" in line}
        assert set(parameters) <= told
    assert "Raises:" in text or "It raises nothing." in text


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = podium.trian


@pytest.mark.slow
def test_names_come_when_they_are_used() -> None:
    code = "import sys, podium; podium.Head; assert 'torch' not in sys.modules; podium.PodiumError"
    subprocess.run([sys.executable, "-c", code], check=True)
