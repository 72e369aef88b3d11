"""Podium: from a folder of images to a score you can believe, a report and a submission.

    import podium

    run = podium.train("data/train", preset="baseline", folds=5)
    print(run.scores.main)
    run.report()
    podium.submit(run.predict("data/test", tta=["hflip"]), template="sample_submission.csv")

A run is a folder. Before training everything is a table of samples, after training everything is a table of
predictions, and training is the one function between them. Names are imported when they are first used, so
`import podium` takes a hundredth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.lazy import on_demand

__version__ = "0.1.0"

if TYPE_CHECKING:
    from podium.callbacks import Callback
    from podium.curate import Scan, ScanOptions
    from podium.dataset import FoldOptions
    from podium.dataset.prepared import Prepared
    from podium.deployed import DeployedModel, load_model
    from podium.errors import PodiumError
    from podium.losses import register_loss
    from podium.machine import Settings
    from podium.machine.tuning import tune_process
    from podium.metrics import Scores, register_metric, score_predictions
    from podium.own_parts import load_parts
    from podium.recipe import Recipe
    from podium.regions import register_detector
    from podium.searches.run_auto import auto, resume_auto
    from podium.searches.run_search import resume_search, search
    from podium.splits.make_folds import make_folds
    from podium.studies.run_study import resume_study, study
    from podium.suspects.find_label_errors import find_label_errors
    from podium.tables import Composite, Folds, Head, Predictions, Samples, Task, mean_predictions
    from podium.trackers.read_events import read_events
    from podium.trackers.registry import register_tracker
    from podium.trackers.tracker import Tracker
    from podium.workflows import Run, compose_recipe, load_run, resume, train
    from podium.workflows.agree import agree
    from podium.workflows.audit import audit
    from podium.workflows.compare import compare
    from podium.workflows.ensemble import ensemble
    from podium.workflows.estimator import ImageClassifier
    from podium.workflows.find_regions import find_regions
    from podium.workflows.leaderboard import leaderboard
    from podium.workflows.list_runs import list_runs
    from podium.workflows.lr_find import lr_find
    from podium.workflows.prepare import prepare
    from podium.workflows.preview import preview
    from podium.workflows.proxy import proxy
    from podium.workflows.rerun import rerun
    from podium.workflows.scan import scan
    from podium.workflows.stickers import stickers
    from podium.workflows.stress import stress
    from podium.workflows.submit import submit

__all__ = [
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


__getattr__ = on_demand(
    __name__,
    {
        "podium.callbacks": ["Callback"],
        "podium.curate": ["Scan", "ScanOptions"],
        "podium.deployed": ["DeployedModel", "load_model"],
        "podium.errors": ["PodiumError"],
        "podium.losses": ["register_loss"],
        "podium.metrics": ["Scores", "register_metric", "score_predictions"],
        "podium.own_parts": ["load_parts"],
        "podium.recipe": ["Recipe"],
        "podium.regions": ["register_detector"],
        "podium.searches.run_auto": ["auto", "resume_auto"],
        "podium.searches.run_search": ["resume_search", "search"],
        "podium.splits": ["make_folds"],
        "podium.studies.run_study": ["resume_study", "study"],
        "podium.suspects": ["find_label_errors"],
        "podium.trackers.read_events": ["read_events"],
        "podium.trackers.registry": ["register_tracker"],
        "podium.trackers.tracker": ["Tracker"],
        "podium.tables": ["Composite", "Folds", "Head", "Predictions", "Samples", "Task", "mean_predictions"],
        "podium.dataset": ["FoldOptions"],
        "podium.dataset.prepared": ["Prepared"],
        "podium.machine": ["Settings"],
        "podium.machine.tuning": ["tune_process"],
        "podium.workflows": ["Run", "compose_recipe", "load_run", "resume", "train"],
        "podium.workflows.agree": ["agree"],
        "podium.workflows.audit": ["audit"],
        "podium.workflows.compare": ["compare"],
        "podium.workflows.ensemble": ["ensemble"],
        "podium.workflows.estimator": ["ImageClassifier"],
        "podium.workflows.find_regions": ["find_regions"],
        "podium.workflows.leaderboard": ["leaderboard"],
        "podium.workflows.list_runs": ["list_runs"],
        "podium.workflows.lr_find": ["lr_find"],
        "podium.workflows.prepare": ["prepare"],
        "podium.workflows.proxy": ["proxy"],
        "podium.workflows.preview": ["preview"],
        "podium.workflows.rerun": ["rerun"],
        "podium.workflows.scan": ["scan"],
        "podium.workflows.stickers": ["stickers"],
        "podium.workflows.stress": ["stress"],
        "podium.workflows.submit": ["submit"],
    },
)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
