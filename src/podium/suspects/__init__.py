"""Which labels are probably wrong, and which images to label next: tables in, tables out."""

from podium.suspects.find_label_errors import find_label_errors
from podium.suspects.group_suspects import GroupSuspect
from podium.suspects.label_suspects import COLUMNS, LabelSuspects, Suspect
from podium.suspects.next_to_label import NextImage, choose_next

__all__ = ["COLUMNS", "GroupSuspect", "LabelSuspects", "NextImage", "Suspect", "choose_next", "find_label_errors"]
