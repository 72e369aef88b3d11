"""The JSON document that each command prints with `--json`: its fields and their types.

`podium schema` makes JSON Schema of these classes, and a test compares them with what every command prints. Objects of
free form (`Record`) have names from the data in them, or facts that vary by kind.
"""

from __future__ import annotations

from podium.cli.documents.base import Document, ErrorDocument, OpenDocument
from podium.cli.documents.of_answers import (
    DecideDocument,
    EnsembleDocument,
    LeaderboardDocument,
    PredictDocument,
    PredictExportedDocument,
    PseudoDocument,
    SubmitDocument,
    TtaDocument,
)
from podium.cli.documents.of_data import (
    AuditDocument,
    DemoDocument,
    PreviewDocument,
    ProxyDocument,
    RegionsDocument,
    ScanDocument,
    SplitDocument,
    StickersDocument,
)
from podium.cli.documents.of_results import (
    AgreeDocument,
    CompareDocument,
    EvaluateDocument,
    ExplainDocument,
    LabelVerdictDocument,
    LikeDocument,
    MapDocument,
    NextDocument,
    ReportDocument,
    RunsDiffDocument,
    RunsDocument,
    StressDocument,
    SuspectsDocument,
)
from podium.cli.documents.of_shipping import (
    BundleDocument,
    CompletionDocument,
    EnvDocument,
    ExportDocument,
    RerunDocument,
    SchemaDocument,
    ServeDocument,
)
from podium.cli.documents.of_training import (
    EventsDocument,
    LrFindDocument,
    RecipeCheckDocument,
    RecipeDiffDocument,
    RecipeDocument,
    RefitDocument,
    SearchDocument,
    StudyDocument,
    TrackDocument,
    TrainDocument,
)

__all__ = ["DOCUMENTS", "ErrorDocument", "documents_of"]

DOCUMENTS: dict[str, tuple[type[Document], ...]] = {
    "demo": (DemoDocument,),
    "scan": (ScanDocument,),
    "audit": (AuditDocument,),
    "split": (SplitDocument,),
    "proxy": (ProxyDocument,),
    "regions": (RegionsDocument,),
    "stickers": (StickersDocument,),
    "preview": (PreviewDocument,),
    "train": (TrainDocument,),
    "study": (StudyDocument,),
    "lr-find": (LrFindDocument,),
    "refit": (RefitDocument,),
    "track": (TrackDocument,),
    "predict": (PredictDocument, PredictExportedDocument),
    "pseudo": (PseudoDocument,),
    "evaluate": (EvaluateDocument,),
    "labels": (SuspectsDocument, NextDocument, LabelVerdictDocument),
    "compare": (CompareDocument,),
    "explain": (ExplainDocument,),
    "agree": (AgreeDocument,),
    "ensemble": (EnsembleDocument,),
    "tta": (TtaDocument,),
    "decide": (DecideDocument,),
    "serve": (ServeDocument,),
    "submit": (SubmitDocument,),
    "leaderboard": (LeaderboardDocument,),
    "events": (EventsDocument,),
    "report": (ReportDocument,),
    "runs": (RunsDocument, RunsDiffDocument),
    "recipe": (RecipeDiffDocument, RecipeCheckDocument, RecipeDocument),
    "env": (EnvDocument,),
    "completion": (CompletionDocument,),
    "search": (SearchDocument,),
    "map": (LikeDocument, MapDocument),
    "stress": (StressDocument,),
    "export": (ExportDocument,),
    "bundle": (BundleDocument,),
    "rerun": (RerunDocument,),
    "schema": (SchemaDocument,),
}


def documents_of(command: str) -> tuple[type[Document], ...]:
    """The documents of a command, of which it prints one; an open object where none is described."""
    return DOCUMENTS.get(command, (OpenDocument,))
