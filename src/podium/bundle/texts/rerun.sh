#!/bin/sh
# Predicts the test images again from the models in this folder, and compares the submission with the one that was
# written: sh rerun.sh FOLDER_OF_TEST_IMAGES [options of podium rerun]. OUT names the folder to write (default: rerun).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export HF_HUB_OFFLINE=1
exec "${PYTHON:-python}" -m podium rerun "$here" "$@" --to "${OUT:-rerun}"
