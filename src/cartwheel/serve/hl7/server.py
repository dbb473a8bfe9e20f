"""The MLLP server: its own thread with its own event loop, one answer for each frame, in order."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cartwheel.errors import FileRefused, Problem, refuse
from cartwheel.serve.hl7.answering import Accept, Answers, Parse
from cartwheel.serve.hl7.framing import END, START, FrameBroken, Frames, Limits

_log = logging.getLogger("cartwheel.hl7")
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 64_000_000
_STREAM_BUFFER = 65_536
_ANSWER_BUFFER = 16_384
_THREADS = 32
_TOO_LARGE = Problem("too_large", "the message is larger than is taken")


class MllpServer:
    """Takes HL7 messages over MLLP.

    Parameters
    ----------
    host : str
        Address to listen on; ``127.0.0.1`` for this machine alone.
    port : int
        0 for any that is free, see `port` after the start.
    parse : callable
        Content of a message -> `Message`, such as ``partial(parse, zone=zone, codes=codes)``.
    accept : callable
        `Message` -> `Receipt`, called in several threads; it returns when the message is durable,
        and while it does not, its connection reads nothing more: the sender waits.
    tls : ssl.SSLContext or None
        See `tls_context`; None for plain text, inside a protected network only.
    limits : Limits
        Of size, time and number.

    Notes
    -----
    Each connection has one message at work at a time, as MLLP has it; connections work side by
    side. No log line holds anything of a message but the code of its refusal.
    """

    def __init__(
        self,
        host: str,
        port: int,
        parse: Parse,
        accept: Accept,
        *,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.answers = Answers(parse, accept)
        self._address = (host, port)
        self._tls = tls
        self._limits = limits or Limits()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._fault: OSError | None = None
        self._stopping: asyncio.Event | None = None
        self._grace = 10.0
        self._open: dict[asyncio.Task[None], bool] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._large: asyncio.Semaphore | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._address[1]

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    @property
    def counts(self) -> Mapping[str, int]:
        """Messages, acknowledgements, refusals by code, and connections closed by reason."""
        return self.answers.counts

    def start(self) -> None:
        """Begin to listen; it returns when clients can connect.

        Raises
        ------
        FileRefused
            ``port_taken`` where the address cannot be listened on.
        """
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, name="mllp", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._fault is not None:
            self._thread.join()
            host, port = self._address
            raise refuse(
                FileRefused, "port_taken", f"cannot listen on {host} port {port}",
                mend="end what listens there, or take another port",
            )  # fmt: skip

    def stop(self, seconds: float = 10.0) -> None:
        """Stop: what is at work is finished and answered, idle connections are closed.

        Parameters
        ----------
        seconds : float
            How long what is at work may take.
        """
        loop, thread, stopping = self._loop, self._thread, self._stopping
        if loop is None or thread is None or stopping is None or not thread.is_alive():
            return
        self._grace = seconds
        loop.call_soon_threadsafe(stopping.set)
        thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as fault:
            self._fault = fault
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._large = asyncio.Semaphore(self._limits.large_places)
        host, port = self._address
        handshake = 10.0 if self._tls is not None else None
        server = await asyncio.start_server(
            self._connected, host, port, ssl=self._tls, limit=_STREAM_BUFFER,
            ssl_handshake_timeout=handshake,
        )  # fmt: skip
        self._address = (host, int(server.sockets[0].getsockname()[1]))
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="mllp-message")
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await self._finished()
        # what is still kept after the grace is kept, and only its acknowledgement is lost
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _finished(self) -> None:
        """Close idle connections at once, and those at work when they have answered."""
        for task, at_work in list(self._open.items()):
            if not at_work:
                task.cancel()
        if self._open:
            await asyncio.wait(list(self._open), timeout=self._grace)
        for task in list(self._open):
            task.cancel()
        if self._open:
            await asyncio.wait(list(self._open), timeout=_LINGER_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        assert self._stopping is not None
        if len(self._open) >= self._limits.connections or self._stopping.is_set():
            self.answers.count("closed:too_many")
            writer.transport.abort()
            return
        self._open[task] = False
        # an answer is short: a sender that does not read them is noticed after some hundred
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, _ANSWER_BUFFER
        )
        # a sender that is gone without a word must not hold its place for ever
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        writer.transport.set_write_buffer_limits(high=_ANSWER_BUFFER)
        try:
            await self._conversation(reader, writer, task)
        except asyncio.CancelledError:
            self.answers.count("closed:stopping")
        except (OSError, ssl.SSLError, TimeoutError) as fault:
            self.answers.count("closed:lost")
            _log.info("a connection was lost: %s", type(fault).__name__)
        except Exception as fault:  # one connection's fault must not be silent, nor say what came
            self.answers.count("closed:fault")
            _log.error("a connection failed: %s", type(fault).__name__)
        finally:
            del self._open[task]
            writer.transport.abort()

    async def _conversation(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        task: asyncio.Task[None],
    ) -> None:
        assert self._large is not None
        assert self._stopping is not None
        frames = Frames(reader, self._limits, self._large)
        try:
            while not self._stopping.is_set() and await frames.begun():
                content = await frames.content()
                self._open[task] = True
                await self._answered(content, writer)
                frames.release()
                self._open[task] = False
        except FrameBroken as broken:
            self.answers.count(f"closed:{broken.reason}")
            await self._broken(broken, reader, writer)
            return
        finally:
            frames.release()
        await self._closed(writer)

    async def _answered(self, content: bytes, writer: asyncio.StreamWriter) -> None:
        assert self._loop is not None
        replies = await self._loop.run_in_executor(self._pool, self.answers.replies, content)
        await self._written(replies, writer)

    async def _written(self, replies: tuple[bytes, ...], writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            writer.write(START + reply + END)
        async with asyncio.timeout(self._limits.write_seconds):
            await writer.drain()

    async def _broken(
        self, broken: FrameBroken, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if broken.reason != "too_large":
            await self._closed(writer)
            return
        await self._written(self.answers.refusal(broken.beginning, _TOO_LARGE), writer)
        if writer.can_write_eof():
            writer.write_eof()
        # closing on bytes that were not read would take the answer from the sender's hands
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                left = _LINGER_BYTES
                while left > 0 and (more := await reader.read(_STREAM_BUFFER)):
                    left -= len(more)
        except TimeoutError:
            self.answers.count("closed:lingering")
        await self._closed(writer)

    async def _closed(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        async with asyncio.timeout(self._limits.write_seconds):
            await writer.wait_closed()


def tls_context(certificate: Path, key: Path, clients: Path | None = None) -> ssl.SSLContext:
    """Prepare TLS 1.2 or later.

    Parameters
    ----------
    certificate, key : Path
        PEM files of the server.
    clients : Path or None
        PEM file of the authorities whose clients may connect; None asks for no certificate.

    Returns
    -------
    ssl.SSLContext

    Raises
    ------
    FileRefused
        ``tls_file`` where a file is missing or no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if clients is not None:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as fault:
        raise refuse(
            FileRefused, "tls_file", "the certificate, its key or the list of clients' authorities "
            "cannot be read", mend="give PEM files",
        ) from fault  # fmt: skip
    return context
