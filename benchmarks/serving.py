"""How fast the server answers: ``python benchmarks/serving.py`` (needs wrk and cartwheel[serve]).

One score call of one patient, beside an empty FastAPI route: of the same server behind the same
door, and of an application with nothing else. Each in turn, for some rounds; the middle one counts.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROUNDS, SECONDS, CONNECTIONS = 3, 5, 8
TOKEN = "benchmark"
PATIENT = (
    '{"inputs": {"ldh": {"value": 280, "unit": "U/L"}, "creatinine": {"value": 1.1, '
    '"unit": "mg/dL"}, "platelets": {"value": 90, "unit": "10*9/L"}}}'
)
_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw.

    Parameters
    ----------
    rate : float
        Requests a second.
    p50, p99 : float
        Milliseconds.
    failed : int
        Answers that were no 2xx, and broken connections.
    work : float
        Milliseconds of processor time a request; other programs of the machine do not change it.
    """

    rate: float
    p50: float
    p99: float
    failed: int
    work: float


def serve(port: int, folder: str) -> None:
    """Run the server with an empty route, until it is ended.

    Parameters
    ----------
    port : int
        To listen at; at the next one listens an application with the empty route alone.
    folder : str
        Of its data.
    """
    import uvicorn  # noqa: PLC0415 - only the process that serves loads it
    from fastapi import FastAPI  # noqa: PLC0415

    from cartwheel.serve.application import create_app  # noqa: PLC0415
    from cartwheel.serve.settings import Settings  # noqa: PLC0415

    async def empty() -> dict[str, str]:
        return {}

    if folder:
        made = create_app(Settings(folder=Path(folder), token=TOKEN, port=port))
    else:
        made = FastAPI()
    made.add_api_route("/api/v1/empty", empty, methods=["POST"])
    # routes are tried one after the other: it stands before all of ours
    made.router.routes.insert(0, made.router.routes.pop())
    uvicorn.run(made, port=port, log_level="warning", access_log=False)


def loaded(port: int, pid: int, path: str, connections: int, script: Path) -> Load:
    """Let wrk ask one address.

    Parameters
    ----------
    port, pid : int
        Of the server.
    path : str
        Of the call.
    connections : int
        At the same time.
    script : Path
        What it sends.

    Returns
    -------
    Load
    """
    before = _processor_time(pid)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", str(script),
         f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    text = done.stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    count = re.search(r"(\d+) requests in", text)
    assert rate, text
    assert count, text
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    failed = int(bad[1]) if bad else 0
    failed += sum(map(int, broken.groups())) if broken else 0
    work = 1e3 * (_processor_time(pid) - before) / int(count[1])
    return Load(float(rate[1]), _latency(text, 50), _latency(text, 99), failed, work)


def _processor_time(pid: int) -> float:
    """Seconds of processor time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _latency(text: str, percent: int) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text)
    assert found, text
    return float(found[1]) * _MS[found[2]]


def _started(port: int, folder: str) -> subprocess.Popen[bytes]:
    server = subprocess.Popen([sys.executable, __file__, "serve", str(port), folder])
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                break
        except OSError:
            time.sleep(0.1)
    return server


def _ask(port: int, path: str) -> None:
    """Ask once: what the first call loads is not counted."""
    ask = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=PATIENT.encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(ask) as answer:
        assert answer.status == 200


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _middle(loads: list[Load]) -> Load:
    return Load(
        median(each.rate for each in loads),
        median(each.p50 for each in loads),
        median(each.p99 for each in loads),
        sum(each.failed for each in loads),
        median(each.work for each in loads),
    )


def main() -> None:
    """Measure, and print the table."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed (apt install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "patient.lua"
        script.write_text(
            f"wrk.method = 'POST'\nwrk.body = '{PATIENT}'\n"
            "wrk.headers['Content-Type'] = 'application/json'\n"
            f"wrk.headers['Authorization'] = 'Bearer {TOKEN}'\n"
        )
        ours, bare = _free_port(), _free_port()
        servers = [_started(ours, folder), _started(bare, "")]
        own, other = ((ours, servers[0].pid), (bare, servers[1].pid))
        asked = {
            "score of one patient": (*own, "/api/v1/scores/easix/assessments"),
            "empty route, same server": (*own, "/api/v1/empty"),
            "empty route, bare FastAPI": (*other, "/api/v1/empty"),
        }
        try:
            for port, _, path in asked.values():
                _ask(port, path)
            print(f"{os.cpu_count()} cores, {ROUNDS} rounds of {SECONDS} s")
            for connections in (1, CONNECTIONS):
                seen: dict[str, list[Load]] = {name: [] for name in asked}
                for _ in range(ROUNDS):
                    for name, (port, pid, path) in asked.items():
                        seen[name].append(loaded(port, pid, path, connections, script))
                _print(connections, {name: _middle(loads) for name, loads in seen.items()})
        finally:
            for server in servers:
                server.terminate()
                server.wait()


def _print(connections: int, found: dict[str, Load]) -> None:
    own = next(iter(found.values())).rate
    head = "requests/s   p50 ms   p99 ms  CPU ms   failed   score / this"
    print(f"\n{connections} at a time{'':15} {head}")
    for name, load in found.items():
        print(
            f"{name:26} {load.rate:10.0f} {load.p50:8.2f} {load.p99:8.2f}"
            f" {load.work:7.3f} {load.failed:8d} {100 * own / load.rate:12.0f} %"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]), sys.argv[3])
    else:
        main()
