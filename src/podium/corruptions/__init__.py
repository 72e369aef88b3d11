"""What happens to images on their way to a model: blur, noise, compression, light, resizing, in five severities."""

from podium.corruptions.catalogue import CORRUPTIONS, FAMILIES, find_corruptions
from podium.corruptions.corruption import SEVERITIES, Corruption, Frame, random_for

__all__ = ["CORRUPTIONS", "FAMILIES", "SEVERITIES", "Corruption", "Frame", "find_corruptions", "random_for"]
