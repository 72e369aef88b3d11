"""Splits: stratified, grouped, multi-label or both; a holdout; leak checks; hints where a group was forgotten."""

from podium.splits.domain_folds import fold_by_domain
from podium.splits.extra_rows import count_extra, describe_extra, judged_folds, name_fold, place_extra
from podium.splits.group_hint import Confidence, GroupHint, HintKind, hint_groups
from podium.splits.group_proposals import GroupCandidate, GroupProposal, propose_groups, weigh_pattern
from podium.splits.join_duplicates import JoinedDuplicates, JoinedSamples, join_duplicates
from podium.splits.leak_report import LeakCount, LeakKind, LeakPair, LeakReport, check_leak_names, require_no_leak
from podium.splits.leaks import find_leaks, find_twins_between
from podium.splits.make_folds import SplitMethod, check_request, choose_method, make_folds
from podium.splits.merge_groups import join_groups
from podium.splits.name_groupings import NameGrouping, list_name_groupings
from podium.splits.summary import FoldPart, FoldSummary, summarise_folds
from podium.splits.whole_bags import require_whole_bags

__all__ = [
    "Confidence",
    "FoldPart",
    "FoldSummary",
    "GroupCandidate",
    "GroupHint",
    "GroupProposal",
    "HintKind",
    "JoinedDuplicates",
    "JoinedSamples",
    "LeakCount",
    "LeakKind",
    "LeakPair",
    "LeakReport",
    "NameGrouping",
    "SplitMethod",
    "check_leak_names",
    "check_request",
    "choose_method",
    "count_extra",
    "describe_extra",
    "find_leaks",
    "find_twins_between",
    "fold_by_domain",
    "hint_groups",
    "join_duplicates",
    "join_groups",
    "judged_folds",
    "list_name_groupings",
    "make_folds",
    "name_fold",
    "place_extra",
    "propose_groups",
    "require_no_leak",
    "require_whole_bags",
    "summarise_folds",
    "weigh_pattern",
]
