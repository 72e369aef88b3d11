"""Recipes that are looked for: trials over a space of recipe keys, judged on groups that the search never used."""
