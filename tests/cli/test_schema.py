"""`podium schema` says what commands take and print, and that is what they take and print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Union

import pytest
from pydantic import TypeAdapter, ValidationError

from podium.cli import COMMANDS, EXIT_CODES, main
from podium.cli.commands import list_arguments
from podium.cli.documents import DOCUMENTS, ErrorDocument
from podium.errors import UsageError
from soak.command_line import ask
from soak.whole_session import run_session


def check(command: str, document: Any) -> None:
    TypeAdapter(Union[DOCUMENTS[command]]).validate_python(document)  # noqa: UP007


@pytest.mark.long
def test_every_command_and_option_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(DOCUMENTS) <= set(COMMANDS)
    assert main(["schema"]) == 0
    record = json.loads(capsys.readouterr().out)
    check("schema", record)
    assert record["exit_codes"] == {str(code): meaning for code, meaning in EXIT_CODES.items()}
    assert list(record["commands"]) == list(COMMANDS)
    for command, told in record["commands"].items():
        arguments = {argument.field_info.name: argument for argument in list_arguments(command)}
        options = told["options"]["properties"]
        assert options.keys() == arguments.keys()
        for name, option in options.items():
            assert option["description"]
            assert "x-position" in option or option["x-flags"] == list(dict.fromkeys(arguments[name].names))
        assert told["document"]["$schema"].startswith("https://json-schema.org/")


@pytest.mark.slow
def test_one_command_alone_has_types_choices_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "train", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["commands"].values()
    options = told["options"]["properties"]
    assert "finetune" in options["preset"]["enum"]
    assert (options["processes"]["type"], options["processes"]["default"]) == ("integer", 1)
    assert options["label_columns"]["type"] == "array"
    assert options["looks"]["x-off-flags"] == ["--no-looks"]
    assert "scores" in told["document"]["properties"]
    assert main(["schema", "trian"]) == 2


def test_an_error_is_the_error_document(tmp_path: Path) -> None:
    answer = ask("train", "nowhere", "--json", at=tmp_path)
    assert answer.code == 3
    ErrorDocument.model_validate(answer.record)
    ErrorDocument.model_validate(UsageError("wrong.", retry={"folds": 3}).to_dict())


def test_a_field_more_or_less_or_of_another_type_is_noticed() -> None:
    right = {"run": "a", "folder": "f", "epochs": {"all": 3}, "n_images": 9}
    check("refit", right)
    for wrong in (right | {"more": 1}, {"run": "a"}, right | {"n_images": "9"}):
        with pytest.raises(ValidationError):
            check("refit", wrong)


@pytest.mark.long
def test_what_commands_print_is_what_the_schema_says(tmp_path: Path) -> None:
    for step, answer in run_session(tmp_path):
        assert answer.code == 0, (step, answer.err)
        check(step[0], answer.record)
