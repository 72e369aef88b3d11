"""An exported folder in use: loaded, asked, and streamed over a folder of images, without torch."""

from podium.deployed.answers import Answers
from podium.deployed.deployed_model import DeployedModel, load_model
from podium.deployed.engines import ENGINES, Engine
from podium.deployed.model_record import CARD_NAME, GRAPH_NAME, RECORD_NAME, ModelRecord, is_model_folder

__all__ = [
    "CARD_NAME",
    "ENGINES",
    "GRAPH_NAME",
    "RECORD_NAME",
    "Answers",
    "DeployedModel",
    "Engine",
    "ModelRecord",
    "is_model_folder",
    "load_model",
]
