"""From predictions and a sample file to a checked submission on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import CorruptFileError, SubmissionError, UsageError
from podium.submission.check import check_bytes
from podium.submission.form import fill_form
from podium.submission.gate import SubmissionGate
from podium.submission.histogram import Histogram
from podium.submission.options import SubmissionOptions
from podium.submission.plan import match_columns
from podium.submission.submission import Submission, make_plain_submission, make_submission
from podium.submission.template import read_template
from podium.tables import Predictions

__all__ = ["SubmissionRecord", "fill_submission", "write_submission"]


@dataclass(frozen=True)
class SubmissionRecord:
    """What was written.

    Args:
        path: The submission.
        template: The sample, or None.
        n_rows: Number of images.
        columns: Column names.
        values: What each answer column holds.
        histogram: Rows per class of every answered target.
        sha256: Digest of the file's bytes.
        notes: How columns and ids were read.
        warnings: What looks wrong, such as one class in all rows.
        gate: What is known of the submission before it is handed in; None where nobody asked.
    """

    path: Path
    template: Path | None
    n_rows: int
    columns: tuple[str, ...]
    values: dict[str, str]
    histogram: Histogram
    sha256: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    gate: SubmissionGate | None = None

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON-ready data."""
        return vars(self) | {
            "path": str(self.path),
            "template": None if self.template is None else str(self.template),
            "columns": list(self.columns),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "gate": None if self.gate is None else self.gate.to_dict(),
        }


def write_submission(
    predictions: Predictions,
    template_path: str | Path | None,
    out_path: str | Path,
    options: SubmissionOptions | None = None,
    *,
    judge: Callable[[Submission], SubmissionGate] | None = None,
    log: Callable[[SubmissionRecord, Submission], object] | None = None,
) -> SubmissionRecord:
    """Write a submission, or refuse with the reason and leave what was there.

    Args:
        predictions: One row for each image of the sample.
        template_path: The organiser's sample; None writes ids, class names and top probabilities.
        out_path: File to write, whole or not at all.
        options: What is set; the rest is guessed from the sample.
        judge: Says what is known of the submission, before anything is written.
        log: Called with the record and the submission just before the file gets its name: whatever instant the
            process ends at, no submission is found that a log does not know.

    Raises:
        SubmissionError: If sample and predictions do not fit, or the result would not pass `check_submission`.
        UsageError: If an option does not fit the sample, or the file to write is the sample.
        StorageError: If a file cannot be read or written.
    """
    out_path = Path(out_path)
    template = None if template_path is None else Path(template_path)
    if template is not None and out_path.exists() and template.exists() and out_path.samefile(template):
        raise UsageError("this is the sample submission.", where=out_path, fix="Write to another file.")
    return _write(fill_submission(predictions, template, options), template, out_path, judge, log)


def fill_submission(
    predictions: Predictions, template_path: Path | None, options: SubmissionOptions | None = None
) -> Submission:
    """The submission that `write_submission` writes, in memory, checked.

    Raises:
        SubmissionError: If sample and predictions do not fit, or the result would not pass `check_submission`.
        UsageError: If an option does not fit the sample.
        StorageError: If a file cannot be read.
    """
    if template_path is None:
        return make_plain_submission(predictions, options)
    options = options or SubmissionOptions()
    template = read_template(
        template_path, delimiter=options.delimiter, encoding=options.encoding, header=options.header
    )
    if options.form_only:
        template = fill_form(template, predictions, options)
    plan = match_columns(template, predictions.task, options, ids=predictions.ids.tolist())
    submission = make_submission(predictions, template, plan)
    errors = [finding for finding in check_bytes(submission.data, template, plan) if finding.severity == "error"]
    if errors:
        raise SubmissionError(
            f"the organiser would refuse this submission: {errors[0].what}",
            where=template.path,
            fix="Compare the sample and the options.",
            details=[line for finding in errors for line in (finding.what, *finding.details)][:10],
        )
    return submission


def _write(
    submission: Submission,
    template: Path | None,
    out_path: Path,
    judge: Callable[[Submission], SubmissionGate] | None,
    log: Callable[[SubmissionRecord, Submission], object] | None,
) -> SubmissionRecord:
    digest = hashlib.sha256(submission.data).hexdigest()
    record = SubmissionRecord(
        path=out_path,
        template=template,
        n_rows=submission.n_rows,
        columns=submission.columns,
        values=submission.values,
        histogram=submission.histogram,
        sha256=digest,
        notes=submission.notes,
        warnings=submission.warnings,
    )
    if judge is not None:
        record = replace(record, gate=judge(submission))
    with durable.write_atomically(out_path, needed=len(submission.data)) as file:
        file.write(submission.data)
        file.flush()  # a full disk is found out before the log tells of the file
        if log is not None:
            log(record, submission)
    if durable.sha256_file(out_path) != digest:
        raise CorruptFileError("the file on disk is not what was written.", where=out_path, fix="Check the disk.")
    return record
