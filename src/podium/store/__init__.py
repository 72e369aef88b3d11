"""Run folders on disk: where everything is, which runs there are, how two of them differ."""

from podium.store.arithmetic import arithmetic_of, arithmetic_words, read_arithmetic
from podium.store.chosen_views import (
    ChosenViews,
    digest_views,
    read_chosen_views,
    read_nested_views,
    read_views_record,
)
from podium.store.create_run import check_run_name, create_run
from podium.store.differences import list_differences
from podium.store.edit_record import edit_record
from podium.store.edits import digest_kept, find_edits
from podium.store.ensemble_record import EnsembleRecord, MemberRecord, asked_metric, read_ensemble, refuse_ensemble
from podium.store.environment import describe_arithmetic, describe_environment
from podium.store.evaluations import Evaluation, count_evaluations, log_evaluation, read_evaluations, unreadable_logs
from podium.store.leaderboard import (
    LEADERBOARD_NAME,
    LeaderboardEntry,
    Ranked,
    RankedSubmission,
    add_entry,
    rank_submissions,
)
from podium.store.lineage import (
    StaleFile,
    check_scores,
    digest_rules,
    find_stale,
    list_predictions,
    sources_of_scores,
    weights_behind,
    weights_of,
    weights_of_refit,
)
from podium.store.out_file import check_list_file, check_out_file
from podium.store.plain_yaml import read_plain_yaml
from podium.store.read_pool import read_pool
from podium.store.results import (
    SECONDS_NAME,
    EpochRow,
    digest_results,
    read_epochs,
    read_seconds,
    read_solved_heads,
    write_results,
)
from podium.store.run_folder import (
    FORMAT,
    TABLE_FILES,
    RunFolder,
    check_format,
    find_run,
    list_runs,
    model_of,
)
from podium.store.run_record import check_record
from podium.store.run_rows import RunOrder, RunRow, list_run_rows
from podium.store.run_tables import check_tables, digest_tables, load_tables
from podium.store.soup_record import (
    CHOSEN_APART_NAME,
    LAST_EPOCH_NAME,
    PLAIN_HEADS_NAME,
    SOUP_NAME,
    nearest_words,
    read_soup,
    soup_words,
)
from podium.store.step_record import Rung, StepRecord, read_step, steps_after
from podium.store.submissions import LoggedSubmission, keep_answers, read_answers, read_submissions
from podium.store.tuning_offer import offer_words, read_offers

__all__ = [
    "CHOSEN_APART_NAME",
    "FORMAT",
    "LAST_EPOCH_NAME",
    "LEADERBOARD_NAME",
    "PLAIN_HEADS_NAME",
    "SECONDS_NAME",
    "SOUP_NAME",
    "TABLE_FILES",
    "ChosenViews",
    "EnsembleRecord",
    "EpochRow",
    "Evaluation",
    "LeaderboardEntry",
    "LoggedSubmission",
    "MemberRecord",
    "Ranked",
    "RankedSubmission",
    "RunFolder",
    "RunOrder",
    "RunRow",
    "Rung",
    "StaleFile",
    "StepRecord",
    "add_entry",
    "arithmetic_of",
    "arithmetic_words",
    "asked_metric",
    "check_format",
    "check_list_file",
    "check_out_file",
    "check_record",
    "check_run_name",
    "check_scores",
    "check_tables",
    "count_evaluations",
    "create_run",
    "describe_arithmetic",
    "describe_environment",
    "digest_kept",
    "digest_results",
    "digest_rules",
    "digest_tables",
    "digest_views",
    "edit_record",
    "find_edits",
    "find_run",
    "find_stale",
    "keep_answers",
    "list_differences",
    "list_predictions",
    "list_run_rows",
    "list_runs",
    "load_tables",
    "log_evaluation",
    "model_of",
    "nearest_words",
    "offer_words",
    "rank_submissions",
    "read_answers",
    "read_arithmetic",
    "read_chosen_views",
    "read_ensemble",
    "read_epochs",
    "read_evaluations",
    "read_nested_views",
    "read_offers",
    "read_plain_yaml",
    "read_pool",
    "read_seconds",
    "read_solved_heads",
    "read_soup",
    "read_step",
    "read_submissions",
    "read_views_record",
    "refuse_ensemble",
    "soup_words",
    "sources_of_scores",
    "steps_after",
    "unreadable_logs",
    "weights_behind",
    "weights_of",
    "weights_of_refit",
    "write_results",
]
