"""From predictions to decisions: functions of probabilities, class names and arrays; they know no model."""

from podium.decisions.abstain import Abstained, abstain_head, risk_coverage
from podium.decisions.blend import Blend, BlendKind
from podium.decisions.blend_weights import N_SUBSETS, Choice, Weighing, best_subsets, choose_weights
from podium.decisions.calibrate import Calibrated, calibrate_head
from podium.decisions.calibration import Calibration, Calibrator, fit_calibration
from podium.decisions.choose_pool import PoolChoice, choose_pool
from podium.decisions.choose_views import ViewChoice, choose_views, nested_probs
from podium.decisions.complete_probs import complete_probs
from podium.decisions.consensus import check_consensus, pool_groups, without_groups
from podium.decisions.decided_scores import decided_scores, differing_scores
from podium.decisions.ensemble import Chosen, combine_out_of_fold, load_blend, stack_out_of_fold
from podium.decisions.given_checks import confidence_of, is_too_good, surer_on
from podium.decisions.given_file import GivenFile, read_given_file, refuse_hard, with_folds
from podium.decisions.hierarchy import (
    Parents,
    find_parents,
    known_parents,
    mistake_height,
    read_parent_table,
    read_parents,
    within_best_parent,
)
from podium.decisions.logistic import Logistic
from podium.decisions.pool_pieces import pool_pieces
from podium.decisions.pooling import Pool, judged_answers, pool_bags, pool_probs
from podium.decisions.prevalence import Prevalence, estimate_prevalence
from podium.decisions.rules import DecisionRules
from podium.decisions.score_answers import score_answers
from podium.decisions.stack import Stack
from podium.decisions.table_columns import ColumnPlan, make_column_plan, read_cells
from podium.decisions.tune import Tuned, can_tune, tune_head

__all__ = [
    "N_SUBSETS",
    "Abstained",
    "Blend",
    "BlendKind",
    "Calibrated",
    "Calibration",
    "Calibrator",
    "Choice",
    "Chosen",
    "ColumnPlan",
    "DecisionRules",
    "GivenFile",
    "Logistic",
    "Parents",
    "Pool",
    "PoolChoice",
    "Prevalence",
    "Stack",
    "Tuned",
    "ViewChoice",
    "Weighing",
    "abstain_head",
    "best_subsets",
    "calibrate_head",
    "can_tune",
    "check_consensus",
    "choose_pool",
    "choose_views",
    "choose_weights",
    "combine_out_of_fold",
    "complete_probs",
    "confidence_of",
    "decided_scores",
    "differing_scores",
    "estimate_prevalence",
    "find_parents",
    "fit_calibration",
    "is_too_good",
    "judged_answers",
    "known_parents",
    "load_blend",
    "make_column_plan",
    "mistake_height",
    "nested_probs",
    "pool_bags",
    "pool_groups",
    "pool_pieces",
    "pool_probs",
    "read_cells",
    "read_given_file",
    "read_parent_table",
    "read_parents",
    "refuse_hard",
    "risk_coverage",
    "score_answers",
    "stack_out_of_fold",
    "surer_on",
    "tune_head",
    "with_folds",
    "within_best_parent",
    "without_groups",
]
