"""A frozen network, or its frozen blocks, run once for all folds: split point, cached outputs, compiled engines."""
