"""What lies between clients and a server: a wire that can be cut, go silent, or lose answers."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

Mode = Literal["pass", "cut", "blackhole", "one_way"]
"""cut: connections are reset and new ones too. blackhole: nothing arrives, nothing is closed.
one_way: what clients say arrives, answers do not."""
_Answer = TypeVar("_Answer")
_CHUNK = 64 * 1024
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """A TCP port of the loopback in front of a server's unix socket, in a thread of its own."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._mode: Mode = "pass"
        self._open = asyncio.Event()
        self._open.set()
        self._answers_open = asyncio.Event()
        self._answers_open.set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._to_lose: dict[bytes, int] = {}
        self.delay_seconds = 0.0
        """By which every piece is late, both ways."""
        self.port = 0
        self.resets = 0
        """Connections that were cut."""
        self.swallowed = 0
        """Pieces that a silent wire held back."""
        self.lost = 0
        """Answers that were lost after the server had done what was asked."""

    def __enter__(self) -> Self:
        self._thread.start()
        listening = self._ask(lambda: asyncio.start_server(self._serve, "127.0.0.1", 0))
        self._listening = listening
        self.port = listening.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._ask(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def url(self, database: int, credentials: str = "") -> str:
        return f"redis://{credentials}127.0.0.1:{self.port}/{database}"

    def set(self, mode: Mode) -> None:
        """Takes effect before it returns."""

        async def change() -> None:
            self._mode = mode
            for event, closed in (
                (self._open, mode == "blackhole"),
                (self._answers_open, mode in {"blackhole", "one_way"}),
            ):
                if closed:
                    event.clear()
                else:
                    event.set()
            if mode == "cut":
                for writer in tuple(self._clients):
                    self._reset(writer)

        self._ask(change)

    def lose_answers(self, to: str, count: int) -> None:
        """Of the next `count` requests that contain the word: they are done, nobody is told."""

        async def change() -> None:
            self._to_lose[to.encode()] = self._to_lose.get(to.encode(), 0) + count

        self._ask(change)

    def _ask(self, coroutine: Callable[[], Coroutine[Any, Any, _Answer]]) -> _Answer:
        return asyncio.run_coroutine_threadsafe(coroutine(), self._loop).result(30)

    async def _end(self) -> None:
        self._listening.close()
        for pipe in tuple(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pipes.add(task)
        self._clients.add(writer)
        try:
            await self._open.wait()
            if self._mode == "cut":
                self._reset(writer)
                return
            with contextlib.suppress(OSError, asyncio.CancelledError):
                up_reader, up_writer = await asyncio.open_unix_connection(str(self._server))
                doomed = asyncio.Event()
                try:
                    await self._both(reader, writer, up_reader, up_writer, doomed)
                finally:
                    up_writer.close()
        finally:
            self._clients.discard(writer)
            self._pipes.discard(task)
            writer.close()

    async def _both(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
        doomed: asyncio.Event,
    ) -> None:
        async def requests() -> None:
            while data := await reader.read(_CHUNK):
                await self._pass_through(self._open)
                for word, left in self._to_lose.items():
                    if left > 0 and word in data and not doomed.is_set():
                        self._to_lose[word] = left - 1
                        doomed.set()
                up_writer.write(data)
                await up_writer.drain()

        async def answers() -> None:
            while data := await up_reader.read(_CHUNK):
                await self._pass_through(self._answers_open)
                if doomed.is_set():
                    self.lost += 1
                    self._reset(writer)
                    return
                writer.write(data)
                await writer.drain()

        pipes = [asyncio.ensure_future(each()) for each in (requests, answers)]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)

    async def _pass_through(self, gate: asyncio.Event) -> None:
        if not gate.is_set():
            self.swallowed += 1
            await gate.wait()
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        self.resets += 1
        sock = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()
