from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from podium import durable
from podium.metrics import Scores, score_predictions
from podium.report import print_summary, summary_lines
from podium.splits import make_folds
from podium.store import RunFolder
from podium.tables import Head, Task

from .run_writer import make_samples, predict


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def scores_of(classes: tuple[str, ...], n: int = 200) -> Scores:
    samples = make_samples(Task((Head("h", "single", classes),)), Path("data"), n, n_groups=50)
    return score_predictions(predict(samples, make_folds(samples)), samples, n_resamples=20)


@pytest.mark.slow
def test_lines_say_the_record(any_run: RunFolder) -> None:
    scores = Scores.from_dict(durable.read_json(any_run.scores_file))
    text = "\n".join(summary_lines(scores))
    assert f"{scores.main.value:.4f} [{scores.main.low:.4f}, {scores.main.high:.4f}]" in summary_lines(scores)[0]
    assert f"chance {scores.chance:.4f}" in summary_lines(scores)[0]
    for name, found in scores.targets[scores.main_target].metrics.items():
        chance = scores.targets[scores.main_target].chance[name]
        row = f"{found.value:.4f}  {found.low:.4f} to {found.high:.4f}  {chance:.4f}"
        assert " ".join(row.split()) in " ".join(text.split())
    for item in scores.targets[scores.main_target].per_class:
        assert f"{item.precision:.3f}  " in text
        assert f"{item.f1_low:.3f} to {item.f1_high:.3f}" in text
    if len(scores.targets) > 1:
        for target in scores.targets.values():
            found = target.metrics[scores.main_metric]
            assert f"{found.value:.4f}  {found.low:.4f} to {found.high:.4f}" in text


def test_a_pipe_gets_plain_lines_and_a_terminal_tables(any_run: RunFolder) -> None:
    scores = Scores.from_dict(durable.read_json(any_run.scores_file))
    pipe, terminal = io.StringIO(), Terminal()
    print_summary(scores, file=pipe)
    print_summary(scores, file=terminal)
    assert pipe.getvalue().splitlines() == summary_lines(scores)
    assert "\x1b" not in pipe.getvalue()
    for item in scores.targets[scores.main_target].per_class:
        assert f"{item.f1:.3f}" in terminal.getvalue()


def test_columns_stay_straight_with_wide_letters() -> None:
    from rich.cells import cell_len

    scores = scores_of(("고양이", "dog", "e\u0301te\u0301"))
    lines = summary_lines(scores)
    table = lines[lines.index("", 2) + 1 :]
    assert len(table) == 4
    assert len({cell_len(line) for line in table}) == 1


@pytest.mark.parametrize("name", ["[red]x[/red]", "\x1b[31mred", "two\nlines"])
def test_class_names_cannot_steer_the_terminal(name: str) -> None:
    scores = scores_of((name, "b"))
    terminal = Terminal()
    print_summary(scores, file=terminal)
    assert "\x1b[31m" not in terminal.getvalue()
    assert not [line for line in summary_lines(scores) if "\n" in line or "\x1b" in line]
    if name.startswith("["):
        assert name in terminal.getvalue()


def test_a_class_name_of_any_length_leaves_a_table() -> None:
    terminal, scores = Terminal(), scores_of(("x" * 50_000, "b"))
    print_summary(scores, file=terminal)
    assert len("\n".join(summary_lines(scores))) < 3_000
    assert len(terminal.getvalue()) < 10_000


def test_of_many_classes_the_worst_are_shown() -> None:
    scores = scores_of(tuple(f"c{number}" for number in range(50)), n=600)
    lines = summary_lines(scores, most_classes=10)
    shown = {line.split()[0] for line in lines[-11:-1]}
    worst = sorted(scores.main_target and scores.targets["h"].per_class, key=lambda item: item.f1)
    assert shown == {item.name for item in worst[:10]}
    assert lines[-1] == "40 classes with a higher F1 are not shown."


def test_clusters_of_duplicates_are_called_so() -> None:
    scores = scores_of(("a", "b"))
    target = scores.targets[scores.main_target]
    grouped = replace(scores, targets=scores.targets | {scores.main_target: replace(target, n_groups=target.n - 1)})
    assert f"of {target.n - 1} groups" in summary_lines(grouped)[0]
    assert f"of {target.n - 1} duplicate clusters" in summary_lines(grouped, groups="duplicate clusters")[0]
