"""podium completion."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter

from podium.cli import COMMANDS
from podium.cli.choices import Shell
from podium.cli.commands import make_app
from podium.cli.console import print_json, print_lines
from podium.cli.flags import OUTPUT, RUN, ResultFlags

__all__ = ["completion"]


def completion(
    shell: Annotated[Shell, Parameter(group=RUN)],
    *,
    install: Annotated[bool, Parameter(group=OUTPUT, negative="")] = False,
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Print a script that completes commands, options and their words when you press Tab, or install it.

    Example: podium completion bash --install

    Args:
        shell: The shell: bash, zsh or fish.
        install: Put the script where the shell looks for it, and name it in the shell's start file if that is needed.
    """
    app = _whole_app()
    if not install:
        script = app.generate_completion(shell=shell)
        if output.json:
            print_json({"shell": shell, "script": script})
        else:
            sys.stdout.write(script.rstrip("\n") + "\n")  # as it is: a script has line ends and tabs
        return 0
    path = app.install_completion(shell=shell)
    if output.json:
        print_json({"shell": shell, "file": str(path)})
    else:
        print_lines(f"installed  {path}", "next       open a new shell, and press Tab after podium")
    return 0


def _whole_app() -> App:
    """One parser of all commands; a command has its own only, so that it imports no other."""
    app = App(name="podium", version_flags=[])
    for name in COMMANDS:
        app.command(make_app(name), name=name)
    return app
