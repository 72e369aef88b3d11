"""The training loop and what it needs to stop and go on exactly. It knows no model, loss, optimizer or data set."""

from podium.engine.checkpoints import Checkpoints, Unsaved, final_weights
from podium.engine.evaluate import evaluate, predict_logits
from podium.engine.fit import Callback, fit
from podium.engine.memory import is_out_of_memory, release_cached_memory, run_in_pieces
from podium.engine.norm_statistics import measure_norms
from podium.engine.objective import HeadObjective, Objective, PerSampleLoss
from podium.engine.parts import Averager, Batch, EvalBatches, Parts, TrainBatches, TrainSample
from podium.engine.precision import autocast
from podium.engine.rng import mix_seed, seed_torch
from podium.engine.sam import Sam
from podium.engine.state import EpochJudgement, EpochRecord, TrainState
from podium.engine.step import train_step
from podium.engine.team import Team, current_team
from podium.engine.tensor_tree import decode_tensors, encode_tensors, join_tree, split_tree

__all__ = [
    "Averager",
    "Batch",
    "Callback",
    "Checkpoints",
    "EpochJudgement",
    "EpochRecord",
    "EvalBatches",
    "HeadObjective",
    "Objective",
    "Parts",
    "PerSampleLoss",
    "Sam",
    "Team",
    "TrainBatches",
    "TrainSample",
    "TrainState",
    "Unsaved",
    "autocast",
    "current_team",
    "decode_tensors",
    "encode_tensors",
    "evaluate",
    "final_weights",
    "fit",
    "is_out_of_memory",
    "join_tree",
    "measure_norms",
    "mix_seed",
    "predict_logits",
    "release_cached_memory",
    "run_in_pieces",
    "seed_torch",
    "split_tree",
    "train_step",
]
