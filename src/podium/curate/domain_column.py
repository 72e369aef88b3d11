"""The domain of every image: the hospital, camera or country that new images may not come from."""

from __future__ import annotations

from podium.advice import option
from podium.curate.classes import looks_missing
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows, count_values
from podium.curate.spellings import merge_spellings
from podium.errors import SourceError, UnknownNameError
from podium.listing import count_of, list_some

__all__ = ["choose_domain"]


def choose_domain(rows: Rows, options: ScanOptions) -> tuple[list[str] | None, list[str]]:
    """The domain of each image by the named column, "" where it is not known, and notes; None where none was named.

    Spellings that differ in letter case, spaces or number format are one domain.

    Raises:
        UnknownNameError: If there is no such column or pattern field.
        SourceError: If all images are of one domain.
    """
    name = options.domain
    if name is None:
        return None, []
    if name not in rows.columns:
        raise UnknownNameError("column", name, [*rows.columns], field="domain")
    cells = [cell.strip() for cell in rows.columns[name]]
    domain, merged = merge_spellings(["" if looks_missing(cell) else cell for cell in cells])
    counts = count_values(domain)
    if len(counts) < 2:
        found = f"only {next(iter(counts))!r}" if counts else "nothing"
        raise SourceError(
            f"column {name!r} holds {found}; to leave one domain out there have to be two.",
            where=rows.origin,
            field="domain",
            fix=f"Name another column, or leave out {option('domain')}.",
        )
    n_free = domain.count("")
    free = f" {count_of(n_free, 'image')} of no domain train in every fold." if n_free else ""
    notes = [f"Domains: {list_some([f'{one} {n:,}' for one, n in counts.items()], most=10)}.{free}"]
    if merged:
        notes.append(
            f"Taken for one domain: {list_some([' and '.join(map(repr, names)) for names in merged], most=3)}."
        )
    return domain, notes
