"""A run in words and images: one HTML page, PNG plots, and lines for the terminal."""

from podium.report.page import make_report
from podium.report.plots import write_plots
from podium.report.terminal import print_summary, summary_lines

__all__ = ["make_report", "print_summary", "summary_lines", "write_plots"]
