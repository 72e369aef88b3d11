"""From a recipe and images to trained models: a model's inputs, one training, and what autotune chooses."""
