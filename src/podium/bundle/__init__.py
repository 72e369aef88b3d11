"""A run packed so that somebody else makes its submission again: environment, weights, tables, and one command."""
