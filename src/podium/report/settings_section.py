"""Everything needed to make the run again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.report.contents import RunContents
from podium.report.numbers import plain_score
from podium.report.section import Section
from podium.report.solved_heads import describe_solved
from podium.store import EpochRow, arithmetic_of, arithmetic_words, nearest_words, offer_words, soup_words

__all__ = ["SettingsSection", "describe_settings"]


@dataclass(frozen=True)
class SettingsSection(Section):
    """Commands, machine, versions, recipe."""

    commands: tuple[str, ...]
    facts: Mapping[str, str]
    packages: Mapping[str, str]
    recipe: str | None


def describe_settings(contents: RunContents) -> SettingsSection:
    """The section; its parts are empty where their files are missing."""
    environment, request = contents.environment, contents.request
    packages = environment.get("packages")
    versions = packages.items() if isinstance(packages, Mapping) else ()
    return SettingsSection(
        commands=_commands(contents),
        facts=_facts(contents),
        packages={str(name): str(value) for name, value in versions if value is not None},
        recipe=contents.recipe_text if contents.recipe_text else _shown(request.get("recipe")) or None,
    )


def _commands(contents: RunContents) -> tuple[str, ...]:
    """The command that made the run, and the one that continues it."""
    command = contents.request.get("command")
    if not command:
        return ()
    text = command if isinstance(command, str) else shlex.join(str(word) for word in command)
    return (text,)


def _facts(contents: RunContents) -> dict[str, str]:
    request, environment, recipe = contents.request, contents.environment, contents.recipe
    wanted = (
        ("run", contents.run.name),
        ("created", request.get("created")),
        ("podium", request.get("podium")),
        ("preset", request.get("preset") or recipe.get("preset")),
        ("metric", request.get("metric") or recipe.get("metric")),
        *_heads(contents),
        ("soup", soup_words(contents.soup) if contents.soup else None),
        ("answers", nearest_words(contents.nearest) if contents.nearest else None),
        ("could be tuned", "; ".join(map(offer_words, contents.offers))),
        ("seed", recipe.get("seed", request.get("seed"))),
        ("folds", request.get("folds")),
        ("computed with", arithmetic_words(arithmetic_of(recipe, request)) if recipe else None),
        ("parameters", _parameters(request)),
        ("threads", request.get("threads") or request.get("n_threads")),
        ("device", request.get("device")),
        ("Python", environment.get("python")),
        ("system", environment.get("system")),
        ("CPU", environment.get("cpu")),
        ("cores", environment.get("n_cores")),
    )
    return {name: _shown(value) for name, value in wanted if _shown(value)}


def _parameters(request: Mapping[str, Any]) -> str:
    """How many parameters a model has; with several models those of the first, which differ in their heads alone."""
    sizes = request.get("parameters") or {}
    if "all" not in sizes:
        return ""
    trained = sizes.get("trained", sizes["all"])
    return f"{sizes['all']:,}" + (f", {trained:,} of them trained" if trained != sizes["all"] else "")


def _heads(contents: RunContents) -> list[tuple[str, str]]:
    """A line for each model whose heads were solved."""
    has_models = len({model for _, model in contents.solved}) > 1
    rows = {(row.fold, row.model): row for row in contents.epochs}
    lines = []
    for key, heads in contents.solved.items():
        fold, model = key
        words = describe_solved(heads) + (_fit_words(rows[key]) if key in rows else "")
        lines.append((f"fold {fold}{f', {model}' if has_models else ''}, head", words))
    return lines


def _fit_words(row: EpochRow) -> str:
    """Losses and scores of the training and the validation images, where the row has them."""
    if row.valid_loss is None:
        return ""
    pairs = [("loss", row.train_loss, row.valid_loss)]
    pairs += [(name, row.train_scores[name], row.scores[name]) for name in row.scores if name in row.train_scores]
    return "".join(f"; {name}: train {plain_score(train)}, valid {plain_score(valid)}" for name, train, valid in pairs)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return str(value)
