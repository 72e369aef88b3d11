"""From folders, tables and path patterns to samples; what is wrong with the images and the labels."""

from podium.curate.audit import Audit, Quarantined, audit, audit_of_facts
from podium.curate.bins import assign_bins, find_middles, is_near_border, name_bins, rebin, soft_bins
from podium.curate.box_table import BOX_COLUMNS, lay_boxes, with_boxes
from podium.curate.classes import order_classes
from podium.curate.cluster_table import CLUSTERS_NAME, read_clusters, write_clusters
from podium.curate.corrections import correct_scan, read_corrections
from podium.curate.findings import odd_images
from podium.curate.group_cells import merge_groups
from podium.curate.options import IMAGE_EXTENSIONS, ScanOptions
from podium.curate.pattern_source import PathPattern
from podium.curate.quarantine import QUARANTINE_LIMIT, check_quarantine, drop_quarantined
from podium.curate.rows import Guess
from podium.curate.scan import Scan, scan
from podium.curate.spare_columns import SpareColumns
from podium.curate.spellings import same_names
from podium.curate.value_uses import ValueUse, value_uses

__all__ = [
    "BOX_COLUMNS",
    "CLUSTERS_NAME",
    "IMAGE_EXTENSIONS",
    "QUARANTINE_LIMIT",
    "Audit",
    "Guess",
    "PathPattern",
    "Quarantined",
    "Scan",
    "ScanOptions",
    "SpareColumns",
    "ValueUse",
    "assign_bins",
    "audit",
    "audit_of_facts",
    "check_quarantine",
    "correct_scan",
    "drop_quarantined",
    "find_middles",
    "is_near_border",
    "lay_boxes",
    "merge_groups",
    "name_bins",
    "odd_images",
    "order_classes",
    "read_clusters",
    "read_corrections",
    "rebin",
    "same_names",
    "scan",
    "soft_bins",
    "value_uses",
    "with_boxes",
    "write_clusters",
]
