"""A run as one folder that answers without torch: its graph, what it says of itself, and the check of both."""
