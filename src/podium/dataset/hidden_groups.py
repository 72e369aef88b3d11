"""What looks like groups that nobody named: what names say, what images say of it, and the options that set it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.curate import SpareColumns
from podium.dataset.fingerprints import Fingerprints
from podium.splits import GroupCandidate, GroupHint, GroupProposal, hint_groups, propose_groups, weigh_pattern
from podium.splits.hint_patterns import cut
from podium.tables import Samples
from podium.twins import chain_equal_files, find_mirrored_pairs, find_near_duplicates

__all__ = ["HiddenGroups", "find_hidden_groups"]

MOST = 50_000
"""Images above which names are not tried: 30 expressions on each take a minute."""
MOST_SAID = 2
_UNSEEN = 0.55
"""Share of draws below which looks do not bear a grouping out."""


@dataclass(frozen=True)
class HiddenGroups:
    """Groups that nobody named.

    Args:
        proposals: Groupings with evidence in what images look like, the most telling first.
        hints: What names alone say, and that no proposal says, with what looks say of each; "" where they cannot.
    """

    proposals: tuple[GroupProposal, ...] = ()
    hints: tuple[tuple[GroupHint, str], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All of it as notes."""
        proposed = map(str, self.proposals[:MOST_SAID])
        hinted = (" ".join(filter(None, (hint.what, looks, hint.fix))) for hint, looks in self.hints)
        return (*proposed, *hinted)


def find_hidden_groups(samples: Samples, prints: Fingerprints, spare: SpareColumns | None = None) -> HiddenGroups:
    """Groupings with evidence, and hints by names; none where groups are named.

    Args:
        samples: The samples.
        prints: Their fingerprints.
        spare: Columns that are nothing else.
    """
    if samples.has_groups:
        return HiddenGroups()
    hints = hint_groups(samples)
    if len(samples) > MOST:
        return HiddenGroups(hints=tuple((hint, "") for hint in hints))
    ids, twins = [str(name) for name in samples.ids], _twins(prints)
    more = [GroupCandidate("column", change, group) for change, group in (spare or SpareColumns()).groupings(ids)]
    proposals = propose_groups(samples, prints["thumbnails"], twins, more)
    said = [proposal.change.get("group") for proposal in proposals[:MOST_SAID]]
    left = [hint for hint in hints if hint.pattern not in said]
    return HiddenGroups(tuple(proposals), tuple((hint, _judge_by_looks(hint, samples, prints, twins)) for hint in left))


def _judge_by_looks(hint: GroupHint, samples: Samples, prints: Fingerprints, twins: NDArray[np.int64]) -> str:
    keys = cut(hint.pattern, [str(name) for name in samples.ids]) if hint.pattern else None
    found = None if keys is None else weigh_pattern(samples, keys, prints["thumbnails"], twins)
    if found is None:
        return ""
    borne_out = "bear that out" if found.closer - found.doubt > _UNSEEN else "do not bear that out"
    return f"Their looks {borne_out}: {found.words}."


def _twins(prints: Fingerprints) -> NDArray[np.int64]:
    """Pairs that no split divides anyway."""
    phash, sha256, small = prints["phash"], prints["sha256"], prints["thumbnails"]
    near = find_near_duplicates(phash, sha256=sha256, thumbnails=small).pairs
    mirrored = find_mirrored_pairs(phash, thumbnails=small, known=near, sha256=sha256)
    return np.concatenate([near, mirrored, chain_equal_files(sha256)])
