"""Submissions: the organiser's sample file with its answer cells filled, checked before it is handed in."""

from podium.submission.answer import Answer
from podium.submission.check import Finding, check_submission
from podium.submission.gate import AnswerChange, SubmissionGate, advise
from podium.submission.ids import IdMatch, match_ids
from podium.submission.options import SubmissionOptions
from podium.submission.plan import Plan, match_columns
from podium.submission.submission import Submission, make_plain_submission, make_submission
from podium.submission.template import read_template
from podium.submission.write import SubmissionRecord, fill_submission, write_submission

__all__ = [
    "Answer",
    "AnswerChange",
    "Finding",
    "IdMatch",
    "Plan",
    "Submission",
    "SubmissionGate",
    "SubmissionOptions",
    "SubmissionRecord",
    "advise",
    "check_submission",
    "fill_submission",
    "make_plain_submission",
    "make_submission",
    "match_columns",
    "match_ids",
    "read_template",
    "write_submission",
]
