"""A TCP proxy that adds to the round-trip time and takes nothing from the bandwidth: whatever arrives is passed on after half the
time, however much of it is on the way. Each direction of a connection has a thread that reads and one that waits and writes."""

import contextlib
import queue
import socket
import threading
import time

_READ_BYTES = 1 << 18


class Delay:
    """with Delay(server.port, 0.020) as proxy: clients of proxy.port are 20 ms farther away from the server."""

    def __init__(self, backend, round_trip_s):
        self._backend, self._one_way_s = backend, round_trip_s / 2
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self._listener.close()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._backend))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._ends += [client, server]
                self._pump(client, server)
                self._pump(server, client)

    def _pump(self, origin, to):
        on_the_way = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(origin, on_the_way), daemon=True).start()
        threading.Thread(target=self._write, args=(on_the_way, to), daemon=True).start()

    def _read(self, origin, on_the_way):
        data = b"-"
        while data:
            try:
                data = origin.recv(_READ_BYTES)
            except OSError:
                data = b""
            on_the_way.put((time.monotonic() + self._one_way_s, data))

    @staticmethod
    def _write(on_the_way, to):
        with contextlib.suppress(OSError):
            while True:
                due, data = on_the_way.get()
                time.sleep(max(0, due - time.monotonic()))
                if not data:
                    to.shutdown(socket.SHUT_WR)
                    return
                to.sendall(data)
