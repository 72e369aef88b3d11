"""From a run and images to its predictions: which images, whose models, which views, and the rules that answer."""
