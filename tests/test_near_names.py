"""The name that was meant."""

from __future__ import annotations

import pytest

from podium.metrics import METRICS
from podium.near_names import SYNONYMS, find_synonym, nearest_name

NAMES = sorted(METRICS)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("acuracy", "accuracy"),
        ("F1_Marco", "f1_macro"),
        ("log-loss", "log_loss"),
        ("ROC_AUC", "roc_auc_macro"),
        ("mAP", "average_precision_macro"),
        ("top-5", "top_5_accuracy"),
        ("zzzzzz", None),
        ("", None),
    ],
)
def test_metrics_are_found(given: str, meant: str | None) -> None:
    assert nearest_name(given, NAMES) == meant


def test_writing_of_a_synonym_does_not_matter() -> None:
    for name in ("batchsize", "batch_size", "Batch-Size", "BATCH SIZE"):
        assert find_synonym(name, ["training.batch_size", "batch_size"]) == "training.batch_size"


def test_the_first_synonym_that_is_known_counts() -> None:
    assert find_synonym("acc", ["label_accuracy"]) == "label_accuracy"
    assert find_synonym("acc", ["label_accuracy", "accuracy"]) == "accuracy"
    assert find_synonym("acc", ["f1_macro"]) is None
    assert find_synonym("accuracy", ["accuracy"]) is None


def test_a_synonym_goes_before_a_name_that_looks_alike() -> None:
    assert nearest_name("testsize", ["test_side", "holdout_fraction"]) == "holdout_fraction"
    assert nearest_name("testsize", ["test_side"]) == "test_side"


def test_the_name_comes_back_as_it_is_written() -> None:
    assert nearest_name("mobilenet_V3", ["MobileNet_v3", "ResNet"]) == "MobileNet_v3"
    assert nearest_name("left", ["Far_Away_Left_Hand"]) == "Far_Away_Left_Hand"


def test_a_word_of_two_names_names_neither() -> None:
    assert nearest_name("seed", ["split_of_the_seed", "other_long_seed_name"]) is None
    assert nearest_name("anything", []) is None


def test_every_synonym_is_written_as_it_is_looked_up() -> None:
    for name, meant in SYNONYMS.items():
        assert name == "".join(character for character in name.lower() if character.isalnum())
        assert meant
        assert find_synonym(name, set(meant)) == meant[0]


@pytest.mark.parametrize(("given", "known"), [("sampler", "scale"), ("eps", "epochs"), ("sam", "sgd")])
def test_what_merely_shares_letters_is_not_near(given: str, known: str) -> None:
    assert nearest_name(given, [known]) is None


def test_letters_in_another_order_are_near_in_short_names_too() -> None:
    assert nearest_name("dgo", ["cat", "dog"]) == "dog"
    assert nearest_name("cow", ["cat", "dog"]) is None
