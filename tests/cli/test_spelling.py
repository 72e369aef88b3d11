"""The library names options as Python does, the command line as flags, and every option has one name."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import podium
from podium.advice import call, option, options
from podium.cli import COMMANDS, choices
from podium.cli.commands import list_arguments, make_app
from podium.cli.flags import RECIPE_KEYS, FoldFlags, MachineFlags, RecipeFlags, ScanFlags
from podium.cli.spelling import option_flags, respell, respell_record
from podium.cli.submit import SubmissionFlags
from podium.curate import ScanOptions
from podium.curate import options as scan_options
from podium.dataset import FoldOptions
from podium.demo import TASKS
from podium.deployed import ENGINES
from podium.explain import Method
from podium.machine import Settings
from podium.metrics import METRICS
from podium.recipe import PRESETS, recipe_keys
from podium.recipe.augmentation_policies import POLICIES
from podium.splits import LeakKind, SplitMethod
from podium.submission import SubmissionOptions
from podium.submission import options as submission_options
from podium.tables import CompositeDecoding
from podium.training.predictor import Models

SOURCE = Path(podium.__file__).parent
FILES = sorted(path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] != "cli")
FLAG = re.compile(r"(?<![\w-])(?<!var\()--[a-z][a-z-]*[a-z]")  # var(--card) is a colour of a page
NO_FLAGS = {"--format", "--no-deps", "--force-reinstall", "--sticker"}
"""Flags of pip and docker, and a piece of a file's name."""


def docstrings(tree: ast.Module) -> set[int]:
    """Lines of a module's docstrings, of attributes too."""
    found = set()
    for node in ast.walk(tree):
        for statement in getattr(node, "body", []) if not isinstance(node, ast.Lambda | ast.IfExp) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                found.add(id(statement.value))
    return found


def flags_in(code: str) -> list[str]:
    """Texts of a module that name a flag, but for docstrings about a command."""
    if "--" not in code:
        return []
    tree = ast.parse(code)
    about = docstrings(tree)
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [
        node.value
        for node in texts
        if set(FLAG.findall(node.value)) - NO_FLAGS and not (id(node) in about and "podium " in node.value)
    ]


@pytest.mark.slow
def test_no_flag_stands_in_a_text_of_the_library() -> None:
    assert len(FILES) > 500
    assert not {str(path): texts for path in FILES if (texts := flags_in(path.read_text(encoding="utf-8")))}


@pytest.mark.parametrize(
    ("code", "n"),
    [
        ("fix = 'try --folds 3'", 1),
        ("fix = f'try {name} --folds'", 1),
        ('def f():\n    """What `podium split --folds` does."""', 0),
        ('def f():\n    """Takes --folds."""', 1),
        ("pip = 'pip install --no-deps x'", 0),
        ("style = 'var(--card)'", 0),
    ],
)
def test_a_flag_in_a_text_is_noticed(code: str, n: int) -> None:
    assert len(flags_in(code)) == n


@pytest.mark.long
def test_every_flag_in_a_text_of_the_command_line_exists() -> None:
    known = {
        name for command in COMMANDS for item in list_arguments(command) for name in (*item.names, *item.negatives)
    }
    known |= {"--help", "--version", "--no"}  # the start of --no-header
    known |= {"--data-binary"}  # of curl
    for path in sorted((SOURCE / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert set(FLAG.findall(node.value)) <= known, (path.name, node.value)


def named_options(tree: ast.Module) -> Iterator[str]:
    """Names of options in `option("x")`, `options(x=...)`, `call(..., x=...)` and `field="x"`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "option" and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value
        if name in ("options", "advise", "call"):
            yield from (keyword.arg for keyword in node.keywords if keyword.arg is not None)
        for keyword in node.keywords:
            if keyword.arg == "field" and isinstance(keyword.value, ast.Constant) and keyword.value.value:
                yield keyword.value.value


def arguments() -> set[str]:
    """Arguments of public functions and classes, and of a run's methods."""
    found: set[str] = set()
    for name in podium.__all__:
        found |= set(inspect.signature(getattr(podium, name)).parameters)
    return (
        found
        | set(inspect.signature(podium.Run.predict).parameters)
        | {item.name for item in fields(SubmissionOptions)}
    )


@pytest.mark.long
def test_every_option_that_an_error_or_a_note_names_exists() -> None:
    known = arguments() | set(option_flags()) | set(recipe_keys())
    named = {(str(path), name) for path in FILES for name in named_options(ast.parse(path.read_text(encoding="utf-8")))}
    assert len(named) > 60
    assert not {pair for pair in named if pair[1] not in known}


NOT_OF_A_COMMAND = {"unclear", "weights", "cuts", "unknown", "sets"}
"""Fields that only the library sets: the run's metric and its rules decide them."""


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        (ScanFlags, ScanOptions),
        (FoldFlags, FoldOptions),
        (MachineFlags, Settings),
        (SubmissionFlags, SubmissionOptions),
    ],
)
def test_flag_field_and_argument_have_one_name(flags: type, kind: type) -> None:
    table = option_flags()
    names = {item.name for item in fields(kind)} - NOT_OF_A_COMMAND  # type: ignore[arg-type]
    assert {item.name for item in fields(flags)} <= names  # type: ignore[arg-type]
    for name in names:
        assert table[name] == "--" + name.replace("_", "-")


EXCEPTIONS = {
    "overrides": "--set",  # the word of Helm, Hydra and others; "--overrides" would be typed often
    "data": "DATA",
    "run": "RUN",
    "template": "TEMPLATE",
    "commands": "COMMANDS",
    **dict.fromkeys(("arms", "members", "on_proxy"), "RUNS"),  # by their place
}


def test_every_flag_is_its_name_but_for_these() -> None:
    plain = {name: "--" + name.replace("_", "-") for name in option_flags()}
    assert {name: flag for name, flag in option_flags().items() if flag != plain[name]} == EXCEPTIONS


def test_arguments_of_public_functions_are_options_or_recipe_keys() -> None:
    taken = {*option_flags(), "options", "settings", "progress", "callbacks"}  # these four are Python objects
    for function in (podium.train, podium.resume, podium.compose_recipe, podium.load_run, podium.Run.predict):
        assert set(inspect.signature(function).parameters) - {"self"} <= taken
    assert set(inspect.signature(podium.scan).parameters) <= taken
    assert set(inspect.signature(podium.make_folds).parameters) - {"samples"} <= {
        item.name for item in fields(FoldOptions)
    }


def test_short_options_are_recipe_keys() -> None:
    assert set(RECIPE_KEYS.values()) <= set(recipe_keys())
    assert set(RECIPE_KEYS) <= {item.name for item in fields(RecipeFlags)}
    flags = RecipeFlags(
        model="tiny", epochs=3, lr=0.1, image_size=(64,), batch_size=8, overrides=("seed=3", "head.kind=gradient")
    )
    recipe = podium.compose_recipe(overrides=flags.as_overrides())
    assert (recipe.model.name, recipe.training.epochs, recipe.optimizer.lr) == ("tiny", 3, 0.1)
    assert (recipe.image.size_px, recipe.training.batch_size, recipe.seed) == (64, 8, 3)
    wide = podium.compose_recipe(overrides=RecipeFlags(image_size=(48, 80)).as_overrides())
    assert wide.image.sides == (48, 80)
    with pytest.raises(podium.PodiumError, match=r"expected one side, or \[height, width\].*got \[48, 80, 3\]"):
        podium.compose_recipe(overrides=RecipeFlags(image_size=(48, 80, 3)).as_overrides())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (choices.Layout, scan_options.Layout),
        (choices.LabelKind, scan_options.LabelKind),
        (choices.Duplicates, scan_options.Duplicates),
        (choices.SplitMethod, SplitMethod),
        (choices.LeakKind, LeakKind),
        (choices.ValueKind, submission_options.ValueKind),
        (choices.WhenNone, submission_options.WhenNone),
        (choices.Decoding, CompositeDecoding),
        (choices.MapMethod, Method),
        (choices.Models, Models),
    ],
)
def test_choices_are_the_library_s(ours: Any, theirs: Any) -> None:
    assert get_args(ours) == get_args(theirs)


def test_choices_of_tables_are_the_library_s() -> None:
    assert get_args(choices.Metric) == tuple(METRICS)
    assert get_args(choices.Preset) == tuple(PRESETS)
    assert get_args(choices.Policy) == tuple(POLICIES)
    assert get_args(choices.DemoTask) == tuple(TASKS)
    assert get_args(choices.Engine) == ("auto", *ENGINES)


@pytest.mark.long
def test_the_table_is_what_the_parsers_take() -> None:
    for command in COMMANDS:
        for item in list_arguments(command):
            name = item.field_info.name
            assert option_flags()[name] in (*item.names, name.upper()), (command, name)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (option("max_bad_fraction"), "--max-bad-fraction"),
        (options(header=False), "--no-header"),
        (options(delimiter="\t"), "--delimiter '\t'"),
        (options(overrides=["training.epochs=3"]), "--set training.epochs=3"),
        (options(label_columns=["a b", "c"], group="none"), "--label-columns 'a b' c --group none"),
        (options(label_columns=["a", ...]), "--label-columns a ..."),
        (options(classes={"mask": ("worn", "none"), "sex": ("m",)}), "--classes mask=worn,none sex=m"),
        (options(bins={"age": [30, 60]}), "--bins age=30,60"),
        (options(answer_columns={"p": "label=cat"}), "--answer-columns p=label=cat"),
        (options(labels=Path("x") / "train.csv"), "--labels x/train.csv"),
        (options(group=r"(\d+)_"), r"--group '(\d+)_'"),
        (call("podium.train", "photos", folds=3), "podium train photos --folds 3"),
        (call("podium.resume", "mine", root="FOLDER"), "podium train --resume mine --root FOLDER"),
        (call("podium.load_run('my run').predict", "new", tta=["hflip"]), "podium predict 'my run' new --tta hflip"),
    ],
)
def test_python_is_respelt_for_the_shell(text: str, wanted: str) -> None:
    assert respell(f"Write {text}, please.") == f"Write {wanted}, please."


@pytest.mark.parametrize(
    "text", ["`dog`", "`a=1`", "`labels=print(1)`", "`podium.tables.Head(1)`", "`(`", "`labels", "``"]
)
def test_other_code_stays_as_it_is(text: str) -> None:
    assert respell(text) == text


def test_only_texts_of_a_document_are_respelt() -> None:
    record = {
        "notes": ["see `group`"],
        "words": "see `group`",
        "id": "`group`",
        "guesses": [{"option": "`group='x'`", "value": "`group`"}],
    }
    wanted = {
        "notes": ["see --group"],
        "words": "see --group",
        "id": "`group`",
        "guesses": [{"option": "--group x", "value": "`group`"}],
    }
    assert respell_record(record) == wanted


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda text: not text.startswith("-")
)


@pytest.mark.long
@settings(deadline=None, max_examples=30)
@given(word=words, several=st.lists(words, min_size=1, max_size=3))
def test_what_is_respelt_means_the_same_to_the_parser(word: str, several: list[str]) -> None:
    line = respell(options(group=word, label_columns=several, max_bad_fraction=0.25, strict=True))
    _, bound, _ = make_app("train").parse_args(["photos", *shlex.split(line)], exit_on_error=False, print_error=False)
    data, folds = bound.arguments["reading"], bound.arguments["folds"]
    assert (data.group, data.label_columns) == (word, tuple(several))
    assert (bound.arguments["max_bad_fraction"], folds.strict) == (0.25, True)


def test_verbs_annotate_what_the_table_reads() -> None:
    for command in COMMANDS:
        verb = make_app(command).default_command
        assert verb is not None
        assert set(get_type_hints(verb)) - {"return"} == set(inspect.signature(verb).parameters)


def test_every_method_of_a_run_that_a_text_names_is_a_command() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(podium.__file__).parent.rglob("*.py"))
    named = set(re.findall(r"call\(f?[\"']podium\.load_run\([^)]*\)\.(\w+)", source))
    assert {"audit_tta", "predict"} <= named
    for name in named:
        assert respell(f"`podium.load_run('mine').{name}()`").startswith("podium ")
