"""One process of a team of two; it compares what the team computes with what it computes alone from all samples."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.testing import assert_close

from podium.engine.team import Team, joined_team
from podium.engine.team_forward import TeamForward
from podium.errors import PodiumError
from podium.machine.batch_share import BatchShare
from podium.machine.place_in_team import LeaderEnded, place_in_team
from podium.stopping import StopRequest


def network() -> nn.Sequential:
    """Every layer that looks at a batch or draws for it."""
    torch.manual_seed(3)
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)).double()


def check_forward(team: Team, n: int, *, channels_last: bool) -> None:
    """Outputs, gradients and running statistics are those of one process, also where this one has no sample."""
    generator = torch.Generator().manual_seed(n)
    images = torch.rand(n, 3, 6, 5, dtype=torch.float64, generator=generator) * 3 + 7
    images = images.to(memory_format=torch.channels_last) if channels_last else images
    alone, own = network(), network()
    torch.manual_seed(11)
    expected = alone(images)
    expected.square().sum().backward()
    share = BatchShare(team.rank, 2)
    (piece,) = share.pieces(n)
    torch.manual_seed(11)
    rows = torch.from_numpy(share.rows(n))
    with TeamForward(team, piece):
        found: Tensor = own(images[rows])
    found.square().sum().backward()
    gradients = [parameter.grad for parameter in own.parameters() if parameter.grad is not None]
    team.add_up(gradients)
    assert_close(found, expected[rows])
    assert len(gradients) == len(list(alone.parameters()))
    assert_close(gradients, [parameter.grad for parameter in alone.parameters()])
    assert_close(dict(own.named_buffers()), dict(alone.named_buffers()))


def check_words(team: Team) -> None:
    """What the leader says arrives; a stop of one is a stop of all; the leader's end is heard."""
    stop = StopRequest()
    team.agree_on(stop)
    assert not stop.is_made
    stop.signal = 15 if team.rank == 1 else None
    team.agree_on(stop)
    assert stop.is_made
    if team.leads:
        team.tell({"scores": {"kind": float("nan")}})
        team.send(b"\x00\xff" * 1000)
        team.tell({"ended": 75})
        return
    assert team.hear()["scores"]["kind"] != 0
    assert team.receive() == b"\x00\xff" * 1000
    try:
        team.hear()
    except LeaderEnded as ended:
        assert ended.exit_code == 75  # noqa: PT017 - no test of pytest's


def check_loss(team: Team) -> None:
    """A process that is gone is our error, not torch's."""
    if team.leads:
        return
    try:
        team.gather(torch.zeros(1))
    except PodiumError as error:
        assert "lost" in error.what  # noqa: PT017


def main() -> None:
    """All checks, one after the other."""
    place = place_in_team()
    assert place is not None
    torch.set_num_threads(1)
    with joined_team(place, torch.device("cpu")) as team:
        for n in (7, 8, 2):
            for channels_last in (False, True):
                check_forward(team, n, channels_last=channels_last)
        check_words(team)
        check_loss(team)


if __name__ == "__main__":
    main()
