"""What `podium decide` does: how a run turns probabilities into answers, which predict and submit follow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import call, option, options
from podium.decisions import (
    Abstained,
    Calibrated,
    Calibrator,
    DecisionRules,
    Parents,
    Pool,
    PoolChoice,
    Tuned,
    check_consensus,
    choose_pool,
    judged_answers,
    mistake_height,
    read_parents,
)
from podium.decisions.abstain_rules import abstain_rules, read_wishes
from podium.decisions.calibrate_rules import calibrate_rules
from podium.decisions.prevalence_rules import Shifted, prevalence_rules
from podium.decisions.tune_rules import refuse_both, tune_rules
from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of
from podium.metric_words import metric_words
from podium.metrics import METRICS, PairedDifference, default_metric, paired_difference
from podium.predicting.run_rules import renew_answers
from podium.store import RunFolder, check_scores, list_predictions, load_tables, read_pool
from podium.tables import CompositeDecoding, Head, Predictions, Samples, Task, as_certain_probs, load_predictions

__all__ = ["RunDecision", "decide_run"]


@dataclass(frozen=True)
class RunDecision:
    """What was decided, and what it does to the out-of-fold answers.

    Args:
        rules: The rules of the run from now on.
        differences: Per target whose answers changed: its score minus that of the rules without thresholds, each
            target and image by its own probabilities.
        n_changed: Per target, images or bags whose answer changed.
        notes: What the user should know besides.
        choice: The score of every pool, where the best was asked for.
        tuned: Per target, the rule that was tuned, kept or not.
        calibrated: Per target, the calibration that was learnt, kept or not.
        abstained: Per target, when nothing is said.
        sets: Per target, which classes a set holds.
        shifted: Per target, what expected shares of its classes do.
    """

    rules: DecisionRules
    differences: Mapping[str, PairedDifference]
    n_changed: Mapping[str, int]
    notes: tuple[str, ...] = ()
    choice: PoolChoice | None = None
    tuned: Mapping[str, Tuned] = field(default_factory=dict)
    calibrated: Mapping[str, Calibrated] = field(default_factory=dict)
    abstained: Mapping[str, Abstained] = field(default_factory=dict)
    sets: Mapping[str, Abstained] = field(default_factory=dict)
    shifted: Mapping[str, Shifted] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "rules": self.rules.to_dict(),
            "n_changed": dict(self.n_changed),
            "differences": {name: found.to_dict() for name, found in self.differences.items()},
            "notes": list(self.notes),
            **({} if self.choice is None else {"pools": self.choice.to_dict()}),
            **{
                key: {name: found.to_dict() for name, found in items.items()}
                for key, items in (
                    ("calibrated", self.calibrated),
                    ("tuned", self.tuned),
                    ("abstained", self.abstained),
                    ("sets", self.sets),
                    ("prevalence", self.shifted),
                )
                if items
            },
        }

    def lines(self) -> list[str]:
        """The same for a terminal."""
        changes = [
            f"{name}: {count_of(self.n_changed[name], 'answer changes', 'answers change')},"
            f" {metric_words(found.metric)} {found.difference}: {found.verdict}"
            for name, found in self.differences.items()
            if name not in self.tuned or found != self.tuned[name].gain
        ]
        pools = [] if self.choice is None else [*self.choice.lines(), ""]
        tuned = [line for name, item in self.calibrated.items() for line in item.lines(name)]
        tuned += [line for name, rule in self.tuned.items() for line in rule.lines(name)]
        for found in (self.abstained, self.sets):
            tuned += [line for name, limit in found.items() for line in limit.lines(name)]
        tuned += [line for name, shares in self.shifted.items() for line in shares.lines(name)]
        unchanged = [] if self.differences else ["No out-of-fold answer changes."]
        return [*pools, *tuned, *changes, *unchanged, *self.notes]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def decide_run(
    run: RunFolder,
    *,
    thresholds: float | Mapping[str, float] | None = None,
    decoding: CompositeDecoding = "independent",
    consensus: Sequence[str] = (),
    hierarchy: Path | str | None = None,
    pool: str | None = None,
    tune: str | None = None,
    one_threshold: bool = False,
    calibrate: str | None = None,
    abstain: float | None = None,
    coverage: float | None = None,
    conformal: float | None = None,
    prevalence: Mapping[str, float] | str | None = None,
) -> RunDecision:
    """Set how a run decides, and report what that does out of fold. Nothing given goes back to the default.

    Of thresholds that are given the difference is honest only if they were not chosen by looking at it. What is tuned
    is judged on folds that did not choose. Answers of predictions that exist are written anew.

    Args:
        run: A run with out-of-fold predictions.
        thresholds: Lowest probability of a 1 for multi-label heads: one, or one per "class" or "target=class".
        decoding: How a composite class and its attributes are decided together.
        consensus: Heads that are the same for all images of a group, such as a person's age: probabilities are pooled
            over the group's images. Labels only tell whether a head is such an attribute.
        hierarchy: A table with the columns `class` and `parent`: answers are then of the most probable parent, and
            both levels are compared.
        pool: How the images of a bag become one answer, or "auto" for the pool with the best out-of-fold score, which
            the choice is told beside; None is the recipe's.
        tune: A metric of decisions to lift: by thresholds of multi-label targets, by class weights of others, by cut
            points on the expected class for quadratic kappa and the mean absolute error.
        one_threshold: Whether the classes of a tuned multi-label target share one threshold.
        calibrate: "temperature" or "vector": scale the probabilities of every target for the least log loss.
        abstain: Say "unknown" below the confidence at which this share of the answers given is wrong.
        coverage: Say "unknown" but for this share of the images.
        conformal: Give sets of classes beside the answers, this share of which holds the truth.
        prevalence: Shares of the classes among new images by "class" or "target=class", or "estimate", which takes
            them from the run's predictions of new images; "estimate:NAME" names which.

    Raises:
        UsageError: If the run is not finished, its scores are not of its predictions, the task has nothing to decide
            this way, or its groups cannot agree: there are none, folds divide them, or a head differs inside most.
        UnknownNameError: If there is no such class, head, decoding or metric.
        TableError: If the table of the hierarchy or a column of it is missing.
        LabelError: If a class has two parents.
    """
    if calibrate is not None and calibrate not in get_args(Calibrator):
        raise UnknownNameError("calibration", calibrate, get_args(Calibrator), field="calibrate")
    wishes = read_wishes(abstain, coverage, conformal)
    refuse_both(has_thresholds=thresholds is not None, one_threshold=one_threshold, tune=tune)
    check_scores(run)
    samples, _ = load_tables(run)
    oof = load_predictions(run.oof_file)
    rules = DecisionRules.of_task(oof.task, thresholds, decoding, consensus)
    if hierarchy is not None:
        rules = replace(rules, parents=read_parents(Path(hierarchy), oof.task))
    rules, choice = _set_pool(run, replace(rules, recipe_pool=read_pool(run)), oof, samples, pool)
    whole = samples
    plain, samples = judged_answers(oof, whole, rules.recipe_pool)
    pooled, _ = judged_answers(oof, whole, rules.pool_of_bags)
    rows = samples.rows_of(plain.ids)
    group = None if samples.group is None else samples.group[rows]
    plain, pooled = replace(plain, group=group), replace(pooled, group=group)
    notes = check_consensus(plain, {name: labels[rows] for name, labels in samples.labels.items()}, rules.consensus)
    tuned: dict[str, Tuned] = {}
    calibrated: dict[str, Calibrated] = {}
    if calibrate is not None:
        rules, calibrated = calibrate_rules(pooled, samples, rules, cast("Calibrator", calibrate))
    if tune is not None:
        rules, tuned = tune_rules(pooled, samples, rules, tune, one_threshold=one_threshold)
    learnt: dict[str, dict[str, Abstained]] = {"risk": {}, "coverage": {}, "sets": {}}
    for wish, wanted in wishes:
        rules, learnt[wish] = abstain_rules(pooled, samples, rules, wish, wanted)
    before, after = DecisionRules().decide(plain), rules.decide_out_of_fold(pooled)
    differences, n_changed = {}, {}
    for head in oof.task.targets:
        is_changed = before[head.name] != after[head.name]
        if is_changed.any():
            n_changed[head.name] = int((is_changed.any(axis=1) if head.is_multi else is_changed).sum())
            differences[head.name] = paired_difference(
                as_certain_probs(before[head.name], head),
                as_certain_probs(after[head.name], head),
                samples.target_labels(head.name)[rows],
                samples.group_keys[rows],
                tuned[head.name].metric if head.name in tuned else _decision_metric(run, oof.task, head),
                head,
            )
    shifted: dict[str, Shifted] = {}
    if prevalence is not None:
        rules, shifted = _set_prevalence(run, rules, pooled, samples, prevalence)
        notes += _caution_of_prevalence(run, rules)
    for name, parents in rules.parents.items():
        labels = samples.target_labels(name)[rows]
        notes.append(_say_heights(name, before[name], after[name], labels, parents))
        key, own, new = f"{name}, parents", parents.label(before[name]), parents.label(after[name])
        if (own != new).any():
            level = Head(key, "single", parents.names)
            n_changed[key] = int((own != new).sum())
            certain = (as_certain_probs(own, level), as_certain_probs(new, level))
            groups = samples.group_keys[rows]
            differences[key] = paired_difference(*certain, parents.label(labels), groups, "accuracy", level)
    if rules.is_default:
        durable.remove_file(run.decisions_file)
    else:
        made_from = {"oof": oof.origins[0].sha256}
        durable.write_sealed(run.decisions_file, rules.to_dict() | {"made_from": made_from})
    for name in list_predictions(run):
        predictions = load_predictions(run.predictions_file(name))
        if rules.consensus and predictions.group is None:
            notes.append(f"Predictions {name!r} name no groups: make them again with {option('group')}.")
        else:
            renew_answers(run, name, predictions)
    return RunDecision(
        rules,
        differences,
        n_changed,
        tuple(notes),
        choice,
        tuned,
        calibrated,
        learnt["risk"] or learnt["coverage"],
        learnt["sets"],
        shifted,
    )


def _set_prevalence(
    run: RunFolder,
    rules: DecisionRules,
    predictions: Predictions,
    samples: Samples,
    prevalence: Mapping[str, float] | str,
) -> tuple[DecisionRules, dict[str, Shifted]]:
    """The rules with expected shares of classes, given or estimated from predictions of the run."""
    if not isinstance(prevalence, str):
        return prevalence_rules(predictions, samples, rules, prevalence)
    word, _, name = prevalence.partition(":")
    if word != "estimate":
        fix = "Give shares of classes, or 'estimate'."
        raise UsageError(f"cannot read {prevalence!r}.", field="prevalence", fix=fix)
    known = list_predictions(run)
    if name and name not in known:
        raise UnknownNameError("predictions", name, known, field="prevalence")
    if not name and len(known) != 1:
        fix = f"Predict them first with {call('podium.load_run(...).predict', 'FOLDER')}."
        fix = f"Name one of them: 'estimate:{known[0]}'." if known else fix
        what = f"shares are estimated from predictions of new images, and there are {count_of(len(known), 'set')}."
        raise UsageError(what, field="prevalence", fix=fix)
    unlabelled = rules.join(load_predictions(run.predictions_file(name or known[0])))
    return prevalence_rules(predictions, samples, rules, None, unlabelled)


def _caution_of_prevalence(run: RunFolder, rules: DecisionRules) -> list[str]:
    """What nobody can check about expected shares, and what does not fit to them."""
    notes = [
        "That the new images have these shares, and look within each class like those that were learnt, cannot be"
        " checked without their labels. Scores out of fold stay those of the shares that were learnt."
    ]
    if rules.thresholds or rules.weights or rules.cuts or rules.unknown:
        notes.append("Thresholds, weights and cut points were chosen for the shares that were learnt.")
    if not rules.calibration:
        also = options(calibrate="vector")
        notes.append(f"Shares multiply probabilities, so these should be true: set {also} in the same call.")
    recipe = run.recipe_file.read_text(encoding="utf-8") if run.recipe_file.is_file() else ""
    if not rules.calibration and any(word in recipe for word in ("sampler: balanced", "sampler: square_root")):
        notes.append("The recipe draws rare classes more often, so its probabilities are not of the learnt shares.")
    return notes


def _set_pool(
    run: RunFolder, rules: DecisionRules, oof: Predictions, samples: Samples, pool: str | None
) -> tuple[DecisionRules, PoolChoice | None]:
    """The rules with a pool that was named, or with the best one and the scores of all."""
    if pool is None:
        return rules, None
    if samples.bag is None:
        fix = f"Train with {option('answer_per')} to have one answer for several images."
        raise UsageError("each image of this run has an answer of its own.", field="pool", fix=fix)
    if pool != "auto":
        if pool not in get_args(Pool):
            raise UnknownNameError("pool", pool, [*get_args(Pool), "auto"], field="pool")
        return replace(rules, bags=cast("Pool", pool)), None
    choice = choose_pool(oof, samples, metric=durable.read_json(run.scores_file)["main_metric"])
    return replace(rules, bags=choice.best), choice


def _say_heights(
    name: str, before: NDArray[np.int64], after: NDArray[np.int64], labels: NDArray[Any], parents: Parents
) -> str:
    """Accuracy of both levels and the height of mistakes, without the hierarchy and with it."""
    known = labels >= 0

    def say(answers: NDArray[np.int64]) -> str:
        right = float((answers == labels)[known].mean())
        coarse = float((parents.label(answers) == parents.label(labels))[known].mean())
        height = mistake_height(answers, labels, parents)
        mistakes = "no mistake" if math.isnan(height) else f"height of a mistake {height:.2f}"
        return f"{right:.3f}, parents {coarse:.3f}, {mistakes}"

    return f"{name}: accuracy out of fold {say(before)}; inside the best parent {say(after)}."


def _decision_metric(run: RunFolder, task: Task, head: Head) -> str:
    """The run's metric where it scores decisions of this kind of target, else macro F1."""
    scores = durable.read_json(run.scores_file) if run.scores_file.is_file() else {}
    main = scores.get("main_metric") if isinstance(scores, dict) else None
    for name in (main, default_metric(head)):
        found = METRICS.get(name) if isinstance(name, str) else None
        if found is not None and found.needs == "decisions" and head.kind in found.kinds:
            return found.name
    return "f1_macro"
