"""A run in words and images: sections as data, one HTML page, PNG plots, and lines for the terminal."""

from podium.report.contents import read_contents, read_group_words
from podium.report.expected_words import expected_words
from podium.report.gate_words import gate_lines
from podium.report.model_card import write_model_card
from podium.report.page import make_report, write_page
from podium.report.plots import write_plots
from podium.report.sections import RunReport, describe_run
from podium.report.terminal import print_summary, summary_lines

__all__ = [
    "RunReport",
    "describe_run",
    "expected_words",
    "gate_lines",
    "make_report",
    "print_summary",
    "read_contents",
    "read_group_words",
    "summary_lines",
    "write_model_card",
    "write_page",
    "write_plots",
]
