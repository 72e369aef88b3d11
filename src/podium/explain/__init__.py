"""Which places of an image a network's answer depends on, and how much: maps, and numbers that judge them."""

from podium.explain.attention_rollout import attention_rollout
from podium.explain.capture import capture
from podium.explain.energy import energy_inside
from podium.explain.gradcam import gradcam
from podium.explain.gradcam_plus_plus import gradcam_plus_plus
from podium.explain.hirescam import hirescam
from podium.explain.layer import Layer, find_layers
from podium.explain.make_maps import METHODS, Method, choose_method, enlarge, finest_grid, make_maps
from podium.explain.removal import RemovalCurves, moved_map, removal_curves

__all__ = [
    "METHODS",
    "Layer",
    "Method",
    "RemovalCurves",
    "attention_rollout",
    "capture",
    "choose_method",
    "energy_inside",
    "enlarge",
    "find_layers",
    "finest_grid",
    "gradcam",
    "gradcam_plus_plus",
    "hirescam",
    "make_maps",
    "moved_map",
    "removal_curves",
]
