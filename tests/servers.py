"""The real servers of the tests, each by one command: ``python tests/servers.py postgresql|fhir``.

It prints the address, and runs until Ctrl-C; what it kept is gone then.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "unit"))

from fhir_peer import PROGRAM, peer, sekmet
from serve_postgresql import own_cluster


def _until_ended(said: str) -> None:
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: ended.set())
    print(said, flush=True)
    ended.wait()


def main(named: str) -> None:
    """Run one server, until it is ended."""
    if named == "postgresql":
        with own_cluster(fsync="on") as cluster:
            _until_ended(cluster.new_database())
    elif named == "fhir":
        if sekmet() is None:
            raise SystemExit(f"pip install sekmet-fhir==0.1.1, or name the program in {PROGRAM}")
        folder = Path(tempfile.mkdtemp(prefix="cartwheel-fhir-"))
        try:
            with peer(folder) as running:
                _until_ended(running.base)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    else:
        raise SystemExit("which? postgresql or fhir")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
