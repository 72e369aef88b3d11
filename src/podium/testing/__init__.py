"""Contract checks for parts of your own: losses, metrics, detectors and folds, as Podium's own parts must pass them.

Each raises an AssertionError that says what is wrong, so a test is one call.
"""

from podium.lazy import on_demand

__all__ = ["check_detector", "check_folds", "check_loss", "check_metric"]

__getattr__ = on_demand(
    __name__,
    {
        "podium.testing.detector_contract": ["check_detector"],
        "podium.testing.folds_contract": ["check_folds"],
        "podium.testing.loss_contract": ["check_loss"],
        "podium.testing.metric_contract": ["check_metric"],
    },
)
