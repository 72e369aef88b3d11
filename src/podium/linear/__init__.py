"""Heads solved in place of trained, chosen by inner folds: logistic regression, LDA, ridge regression, neighbours."""

from podium.linear.feature_rows import FeatureRows
from podium.linear.head_problem import HEAD_KINDS, HeadKindName, HeadProblem, HeadWish
from podium.linear.nearest_layer import NearestLayer
from podium.linear.solve_head import Candidate, SolvedHead, solve_head
from podium.linear.solve_nearest import NearestWish, SolvedNearest, solve_nearest

__all__ = [
    "HEAD_KINDS",
    "Candidate",
    "FeatureRows",
    "HeadKindName",
    "HeadProblem",
    "HeadWish",
    "NearestLayer",
    "NearestWish",
    "SolvedHead",
    "SolvedNearest",
    "solve_head",
    "solve_nearest",
]
