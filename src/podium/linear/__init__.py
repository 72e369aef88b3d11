"""Linear heads solved in place of trained: logistic regression, LDA, ridge regression, chosen by inner folds."""

from podium.linear.feature_rows import FeatureRows
from podium.linear.head_problem import HEAD_KINDS, HeadKindName, HeadProblem, HeadWish
from podium.linear.solve_head import Candidate, SolvedHead, solve_head

__all__ = [
    "HEAD_KINDS",
    "Candidate",
    "FeatureRows",
    "HeadKindName",
    "HeadProblem",
    "HeadWish",
    "SolvedHead",
    "solve_head",
]
