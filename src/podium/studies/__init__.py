"""Questions put to recipes: the same data and folds, one thing changed, and a verdict for each change."""
