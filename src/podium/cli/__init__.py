"""The command line: one file a verb, argument parsing and printing only.

`podium --help` imports nothing, so it answers in a few hundredths of a second.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

from podium import __version__

__all__ = ["COMMANDS", "EXIT_CODES", "main"]

COMMANDS = {
    "demo": "Run the whole job on data that Podium ships or draws: score, report, submission.",
    "scan": "Read a folder, a table or a path pattern as samples, and show what was guessed.",
    "audit": "Look through images and labels: broken files, twins, leaks, spurious cues; what to do about each.",
    "split": "Make folds that do not leak, and write them into a folder.",
    "proxy": "Draw a small part of the data that stands for all of it, to try recipes on.",
    "regions": "Find faces or other regions, as a table of boxes and a sheet to look at.",
    "stickers": "Paste masks or other pictures onto faces, as extra training data.",
    "preview": "Draw a sheet of what training will see: images, augmented versions, labels.",
    "train": "Cross-validate: decode once, split, train every fold, score, report.",
    "study": "Try changes of a recipe on the same folds, with a verdict on each.",
    "search": "Search for a better recipe, judged on groups that the search never used.",
    "auto": "Audit, search, train, combine and submit in the minutes you give, with one honest number.",
    "lr-find": "Find a learning rate: a few training steps while it rises, and a plot.",
    "refit": "Train one model on all images, for as long as the folds of a run chose.",
    "track": "Tell TensorBoard, Weights & Biases or MLflow of a run.",
    "predict": "Predict new images with every fold of a run.",
    "pseudo": "Label unlabelled images with a run, as extra data that another run learns.",
    "evaluate": "Score a run on its holdout, once, or on a labelled test set.",
    "labels": "Find labels that are probably wrong, draft corrections, judge what they did.",
    "compare": "Compare runs on the same images: helps, hurts, or cannot tell, and what would settle it.",
    "explain": "Draw what the answers depend on: maps over images, and numbers that judge them.",
    "slices": "Score every value of a column out of fold, and name the worst.",
    "map": "Draw images in two dimensions by their embeddings, or find those most like one.",
    "stress": "Corrupt images and see the score fall: a robustness card, out of fold.",
    "agree": "Compare the order of recipes on a proxy with their order on all images.",
    "ensemble": "Combine runs into one that predicts, submits and reports like any other.",
    "tta": "Audit test-time views: what each adds and costs out of fold; predict uses those that help.",
    "decide": "Set how a run turns probabilities into answers; predict and submit follow.",
    "export": "Write a run as one folder that answers without torch: ONNX, decisions, card.",
    "serve": "Answer over HTTP from an exported folder: probabilities and decisions, within limits and deadlines.",
    "bundle": "Pack a run so that its submission can be made again: lock, weights, containers, one command.",
    "rerun": "Make a bundle's submission again, and compare it to the byte.",
    "submit": "Write predictions in the sample submission's columns, order and types.",
    "leaderboard": "List submissions with their scores, expected and on the leaderboard; note new ones.",
    "events": "Read TensorBoard event files, of whatever program, as a table.",
    "report": "Write the one-page report of a run again.",
    "runs": "List runs with their scores, the best first if you like, or compare two recipes.",
    "recipe": "Show a recipe in full, compare two, or check one before it is trained.",
    "env": "Show versions, device, weights and optional packages: what works on this machine.",
    "schema": "Print commands, options, exit codes and JSON documents as JSON Schema, for programs.",
    "completion": "Complete commands and options with Tab, in bash, zsh and fish.",
}

EXIT_CODES = {
    0: "done",
    1: "failed (finished work is kept)",
    2: "wrong usage or recipe",
    3: "the data cannot be used as it is",
    75: "stopped by a signal (continue with --resume)",
    130: "stopped by Ctrl-C (continue with --resume)",
}

_SWITCHES = frozenset({"-v", "--verbose", "-q", "--quiet", "--json"})

_HELP = """\
Podium {version}: from a folder of images to a score you can believe, a report and a submission.

Usage: podium COMMAND [OPTIONS]        podium help COMMAND explains one command

Commands:
{commands}

Start here:
  podium demo
  podium train data/train --folds 5
  podium predict last data/test
  podium submit last sample_submission.csv

Exit codes: {codes}.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code.

    Args:
        argv: Arguments after the program's name; None takes this process's.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["help"] and len(arguments) > 1:
        arguments = [arguments[1], "--help"]
    arguments = _command_first(arguments)
    text = _text_for(arguments)
    if text is not None:
        with suppress(BrokenPipeError):  # `podium --help | head` has seen enough
            sys.stdout.write(text)
            sys.stdout.flush()
        return 0
    if argv is None:
        from podium.cli.utf8 import restart_in_utf8_mode

        restart_in_utf8_mode()
    from podium.cli.dispatch import ignore_stops, run_command

    code = run_command(arguments)
    if argv is None:
        ignore_stops()
    return code


def _command_first(arguments: list[str]) -> list[str]:
    """The arguments with switches of all commands behind the command, where `podium -v scan photos` has them first."""
    n = next((place for place, word in enumerate(arguments) if word not in _SWITCHES), 0)
    return [*arguments[n : n + 1], *arguments[:n], *arguments[n + 1 :]]


def _text_for(arguments: Sequence[str]) -> str | None:
    """What no command is needed for."""
    if not arguments or arguments[0] in {"--help", "-h", "help"}:
        return _help_text()
    return f"podium {__version__}\n" if arguments[0] in {"--version", "-V"} else None


def _help_text() -> str:
    width = max(len(name) for name in COMMANDS)  # `map` is the module of podium map, once it is imported
    commands = "\n".join(f"  {name:<{width}}  {line}" for name, line in COMMANDS.items())
    codes = ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())
    return _HELP.format(version=__version__, commands=commands, codes=codes)
