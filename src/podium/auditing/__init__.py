"""What a look at all images of a data set finds, one finding a thing, each with what to do. Nothing is changed."""

from podium.auditing.cues import Cue, find_cues, measure_cues
from podium.auditing.file_findings import find_broken, find_odd_files, find_odd_looks
from podium.auditing.finding import Finding, Level, in_order
from podium.auditing.group_findings import find_unnamed_groups
from podium.auditing.label_findings import count_labels, find_label_findings
from podium.auditing.looked_at import LookedAt
from podium.auditing.looks import Looks, measure_looks
from podium.auditing.shift import Shift, find_shift, measure_shift, take_evenly
from podium.auditing.split_findings import TEST_MARK, find_given_leaks, find_test_leaks
from podium.auditing.twin_findings import find_mirrored, find_twins

__all__ = [
    "TEST_MARK",
    "Cue",
    "Finding",
    "Level",
    "LookedAt",
    "Looks",
    "Shift",
    "count_labels",
    "find_broken",
    "find_cues",
    "find_given_leaks",
    "find_label_findings",
    "find_mirrored",
    "find_odd_files",
    "find_odd_looks",
    "find_shift",
    "find_test_leaks",
    "find_twins",
    "find_unnamed_groups",
    "in_order",
    "measure_cues",
    "measure_looks",
    "measure_shift",
    "take_evenly",
]
