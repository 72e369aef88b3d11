"""How the processes of a team begin a training: with the leader's position and tensors, to the bit."""

from __future__ import annotations

from podium.engine import Parts, Team, TrainState
from podium.engine.checkpoints import decode_training, encode_training

__all__ = ["receive_start", "send_start"]


def send_start(team: Team, state: TrainState, parts: Parts) -> None:
    """Give the others what the leader begins with: fresh, or as a checkpoint has it. They `receive_start`."""
    for data in encode_training(state, parts, None):
        team.send(data)
    parts.team = team


def receive_start(team: Team, parts: Parts) -> TrainState:
    """The state that the leader begins with, its tensors loaded into the parts."""
    content, tensors = team.receive(), team.receive()
    state, _ = decode_training(content, tensors, parts)
    parts.team = team
    return state
