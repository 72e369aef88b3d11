"""A child of `run_processes` that does what its request says; run as a module by the tests beside it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from podium.launch import tie_to_parent


def main() -> int:
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(75))
    tie_to_parent()
    request = json.loads(sys.argv[1])
    for message in request.get("say", []):
        print(json.dumps(message), flush=True)
    if "pid_file" in request:
        Path(request["pid_file"]).write_text(str(os.getpid()))
    if request.get("tear"):
        print('{"half', end="", flush=True)
    time.sleep(request.get("sleep", 0.0))
    if request.get("kill_self"):
        os.kill(os.getpid(), signal.SIGKILL)
    return int(request.get("code", 0))


if __name__ == "__main__":
    sys.exit(main())
