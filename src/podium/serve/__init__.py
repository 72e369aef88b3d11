"""An exported model behind HTTP: images in, JSON out, within limits and deadlines; no torch."""

from podium.serve.app import build_app
from podium.serve.guard import Guard
from podium.serve.options import ServeOptions
from podium.serve.server import Started, run_server
from podium.serve.service import Service

__all__ = ["Guard", "ServeOptions", "Service", "Started", "build_app", "run_server"]
