"""The folder of a search: what is searched, the journal, the prepared data, a run for each trial, and the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import CorruptFileError
from podium.recipe import Recipe, parse_recipe
from podium.searches.dimension import Dimension
from podium.store import RunFolder
from podium.store.named_folders import RECORDS, check_free_name, find_named, next_name

__all__ = ["SearchFolder", "SearchRecord", "find_search", "name_search"]


@dataclass(frozen=True)
class SearchRecord:
    """search.json.

    Args:
        starts: Recipes that trials start from, by name, as data; the first is the one to beat.
        space: The dimensions.
        metric: Name of the metric.
        greater_is_better: Whether a higher score is better.
        seed: Seed of the sampler.
        prune: When a trial is left: "median", "wilcoxon" or "none".
        proxy: Images of the proxy that trials see; None where they see all.
        n_folds: Folds of the data.
        finalists: Best trials that are trained on all images, where trials see a proxy.
        level: Of intervals and verdicts.
        minutes: Minutes for all of it; None has no end.
        trials: Trials; None has no end.
        asked: What the call said, to tell whether the same call is made again.
    """

    starts: Mapping[str, Mapping[str, Any]]
    space: tuple[Dimension, ...]
    metric: str
    greater_is_better: bool
    seed: int
    prune: str
    proxy: int | None
    n_folds: int
    finalists: int
    level: float
    minutes: float | None
    trials: int | None
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipes(self) -> dict[str, Recipe]:
        """The starts as recipes."""
        return {name: parse_recipe(record) for name, record in self.starts.items()}

    @property
    def reference(self) -> str:
        """The start that is to be beaten."""
        return next(iter(self.starts))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"space": [dimension.to_dict() for dimension in self.space]}

    @classmethod
    def from_dict(cls, record: Any, path: Path) -> SearchRecord:
        """What `to_dict` wrote.

        Raises:
            CorruptFileError: If it is something else.
        """
        try:
            return cls(**{**record, "space": tuple(map(Dimension.from_dict, record["space"]))})
        except (KeyError, TypeError, AttributeError) as problem:
            raise CorruptFileError(
                f"this is not the record of a search ({problem}).", where=path, fix="Restore the file."
            ) from None


@dataclass(frozen=True)
class SearchFolder:
    """Paths of one search; it is a folder of runs."""

    path: Path

    @property
    def name(self) -> str:
        """The search's name."""
        return self.path.name

    @property
    def record_file(self) -> Path:
        """What is searched."""
        return self.path / RECORDS["search"]

    @property
    def journal_file(self) -> Path:
        """Optuna's journal: every trial, its choices and its score."""
        return self.path / "journal.log"

    @property
    def clock_file(self) -> Path:
        """Seconds that were worked so far."""
        return self.path / "clock.json"

    @property
    def data_folder(self) -> Path:
        """The prepared data with the untouched groups as holdout."""
        return self.path / "data"

    @property
    def proxy_folder(self) -> Path:
        """The part of the data that trials see."""
        return self.path / "proxy"

    @property
    def looks_file(self) -> Path:
        """A line for each recipe that was judged on the untouched groups."""
        return self.path / "looks.jsonl"

    @property
    def result_file(self) -> Path:
        """What was found."""
        return self.path / "result.json"

    @property
    def best_file(self) -> Path:
        """The recipe that won."""
        return self.path / "best.yaml"

    @property
    def page_file(self) -> Path:
        """The result as a page."""
        return self.path / "search.html"

    def plot_file(self, name: str) -> Path:
        """A drawing."""
        return self.path / f"{name}.svg"

    def trial(self, number: int) -> RunFolder:
        """The run of a trial."""
        return RunFolder(self.path / f"trial-{number:04d}")

    def final(self, number: int) -> RunFolder:
        """The run of a finalist on all images."""
        return RunFolder(self.path / f"final-{number:04d}")

    def read(self) -> SearchRecord:
        """What is searched."""
        return SearchRecord.from_dict(durable.read_json(self.record_file), self.record_file)

    def claim(self, number: int) -> Path:
        """A folder whose lock says that a process works at a trial."""
        return self.path / "claims" / f"{number:04d}"

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """One process at a time at this, such as the choice of the next trial; others wait."""
        with durable.wait_for_lock(self.path / "claims" / what):
            yield


def name_search(root: Path, name: str | None, asked: Mapping[str, Any]) -> SearchFolder:
    """The folder of a search: of this name; else one that was asked the same and is not finished; else a new one.

    Raises:
        UsageError: If the name cannot be a folder's, or a run or something else has it.
    """
    if name is None:

        def goes_on(path: Path) -> bool:
            found = SearchFolder(path)
            is_same = found.record_file.is_file() and found.read().asked == asked
            return is_same and not found.result_file.is_file()

        return SearchFolder(next_name(root, "search", goes_on=goes_on))
    found = SearchFolder(root / name)
    if not found.record_file.is_file():
        check_free_name(found.path, "a search", names=("data", "proxy", "claims", "audit"))
    return found


def find_search(root: Path, name: str) -> SearchFolder:
    """A search that exists, by name.

    Raises:
        UsageError: If there is none.
    """
    return SearchFolder(find_named(root, name, RECORDS["search"], what="search", start="podium.search"))
