"""Groups that nobody named, as findings: those with evidence in what images look like first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from podium.auditing.finding import MOST_SHOWN, Finding
from podium.splits import GroupHint, GroupProposal

__all__ = ["find_unnamed_groups"]


def find_unnamed_groups(
    proposals: Iterable[GroupProposal], hints: Iterable[tuple[GroupHint, str]]
) -> Iterator[Finding]:
    """A caution for each grouping with evidence, and for each hint by names what looks say of it.

    Args:
        proposals: Groupings with evidence.
        hints: What names say, and what looks say of that.
    """
    for proposal in proposals:
        yield Finding(
            "caution",
            "groups",
            f"No group is named. {proposal.what}",
            n=proposal.evidence.n_grouped,
            sets=proposal.examples[:MOST_SHOWN],
            todo="If they show one person or object, keep them on one side of every split.",
            change=proposal.change,
        )
    for hint, looks in hints:
        yield Finding(
            "caution" if hint.confidence == "high" else "note",
            "groups",
            " ".join(filter(None, (hint.what, looks))),
            todo="" if hint.pattern else hint.fix,
            change={"group": hint.pattern} if hint.pattern else {},
        )
