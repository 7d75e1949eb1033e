"""A TCP proxy in front of a server, for faults that only a network has.

    proxy = Proxy(server.port)      # listens on proxy.port
    proxy.cut()                     # closes every connection, as a reset does
    proxy.stall()                   # existing connections go silent for good (half open); new ones work
    proxy.hold(); proxy.release()   # nothing passes until released
    links = proxy.half_open('client')   # existing connections stay open at both ends, but nothing reaches the client
    links = proxy.half_open('server')   # the same, and nothing reaches the server
    links = proxy.hold_dumps()      # nothing of running binlog dumps reaches the client
    proxy.let_go(links)             # what was held back arrives now, late
    proxy.on_commit = action        # action(forward) in place of sending the next COMMIT to the server; it happens once
    proxy.refuse(True)              # new connections are closed at once
    proxy.backend = other.port      # another server behind the same address, for new connections
    proxy.rate = 1000000            # bytes per second of binlog dumps, all together; None: as fast as it goes
    proxy.damage = Damage('flip', nth=5)   # the fifth rows event of the next binlog dump is changed

Damage needs to read the packets, so the connection must be without TLS and compression.
"""

import socket
import struct
import sys
import threading
import time

# A packet through a proxy waits for its turn behind each writer's thread: by default 5 ms, longer than a COMMIT takes.
sys.setswitchinterval(0.0002)

ROWS_EVENTS = {20, 21, 22, 23, 24, 25, 30, 31, 32}
COM_QUERY, COM_BINLOG_DUMP, COM_BINLOG_DUMP_GTID = 0x03, 0x12, 0x1e


class Damage:
    """What happens to the nth rows event: 'flip' one bit, 'shorten' it by four bytes in a packet that says so, 'break'
    the connection in the middle of it. `done` is set when it has happened; it happens once."""

    def __init__(self, kind, nth=1):
        self.kind, self.left = kind, nth
        self.done = threading.Event()

    def apply(self, header, payload):
        """(bytes to send, close afterwards?)"""
        self.left -= 1
        if self.left > 0 or self.done.is_set():
            return header + payload, False
        self.done.set()
        if self.kind == 'flip':
            middle = 20 + (len(payload) - 24) // 2
            return header + payload[:middle] + bytes([payload[middle] ^ 0x10]) + payload[middle + 1:], False
        if self.kind == 'shorten':
            short = payload[:-4]
            return struct.pack('<I', len(short))[:3] + header[3:] + short, False
        return header + payload[:len(payload) // 2], True


def _is_commit(data):
    """COM_QUERY with that text alone; a client that knows query attributes has their counts before it."""
    return len(data) < 20 and len(data) > 4 and data[4] == COM_QUERY and data.endswith(b'COMMIT')


class _Link:
    """One client's connection and its counterpart at the server."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.server = socket.create_connection(('127.0.0.1', proxy.backend))
        self.silent = threading.Event()
        self.half_open = self.ended = False
        self.gates = {self.client: threading.Event(), self.server: threading.Event()}
        for gate in self.gates.values():
            gate.set()
        self.dumping = False
        for pump in (self._to_server, self._to_client):
            threading.Thread(target=self._guard, args=(pump,), daemon=True).start()

    def _guard(self, pump):
        try:
            pump()
        except OSError:
            pass
        self.ended = True
        if not self.silent.is_set() and not self.half_open:
            self.close()

    def _to_server(self):
        while True:
            data = self.client.recv(65536)
            if not data:
                return
            if len(data) > 4 and data[3] == 0 and data[4] in (COM_BINLOG_DUMP, COM_BINLOG_DUMP_GTID):
                self.dumping = True
            action = self.proxy.take_on_commit() if _is_commit(data) else None
            if action is not None:
                action(lambda: self._pass(self.server, data))
            else:
                self._pass(self.server, data)

    def _to_client(self):
        while not self.dumping:
            data = self.server.recv(65536)
            if not data:
                return
            if self.dumping:
                break
            self._pass(self.client, data)
        else:
            data = b''
        self._events(data)

    def _events(self, pending):
        while True:
            header, pending = self._exactly(pending, 4)
            payload, pending = self._exactly(pending, int.from_bytes(header[:3], 'little'))
            damage = self.proxy.damage
            if damage is not None and len(payload) > 30 and payload[0] == 0 and payload[5] in ROWS_EVENTS:
                data, close = damage.apply(header, payload)
                self._pass(self.client, data)
                if close:
                    return
            else:
                self._pass(self.client, header + payload)

    def _exactly(self, pending, size):
        parts, have = [pending], len(pending)
        while have < size:
            data = self.server.recv(262144)
            if not data:
                raise OSError('end of stream')
            parts.append(data)
            have += len(data)
        joined = b''.join(parts)
        return joined[:size], joined[size:]

    def _pass(self, to, data):
        self.proxy.open.wait()
        if self.silent.is_set():
            threading.Event().wait()  # the peer sees a connection on which nothing comes any more
        self.gates[to].wait()
        if to is self.client and self.dumping:
            self.proxy.send_slowly(to, data)
        else:
            to.sendall(data)

    def close(self):
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.proxy.forget(self)


class Proxy:
    def __init__(self, backend):
        self.backend = backend
        self.damage = self.rate = self.on_commit = None
        self.open = threading.Event()
        self.open.set()
        self.connections = 0
        self._refusing, self._passing = False, 0
        self._links, self._lock = [], threading.Lock()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                if self._refusing and self._passing <= 0:
                    raise OSError('refusing')
                self._passing -= 1
                link = _Link(self, client)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._links.append(link)

    def forget(self, link):
        with self._lock:
            if link in self._links:
                self._links.remove(link)

    def _all(self):
        with self._lock:
            return list(self._links)

    @property
    def dumps(self):
        """How many binlog dumps go through right now."""
        return sum(1 for link in self._all() if link.dumping and not link.silent.is_set())

    def send_slowly(self, to, data):
        """In pieces of 50 ms or so, the rate looked at before each: it may change meanwhile."""
        view = memoryview(data)
        while view:
            rate = self.rate
            size = max(1, rate // 20) if rate else len(view)
            to.sendall(view[:size])
            if rate:
                time.sleep(len(view[:size]) / rate)
            view = view[size:]

    def cut(self):
        for link in self._all():
            link.close()

    def stall(self):
        for link in self._all():
            link.silent.set()

    def half_open(self, *silent_towards):
        """'client', 'server' or both. An end that goes away is not told to the other one."""
        links = self._all()
        for link in links:
            link.half_open = True
            for which in silent_towards:
                link.gates[link.client if which == 'client' else link.server].clear()
        return links

    def hold_dumps(self):
        """What the server sends to binlog dumps that run waits; the rest passes."""
        links = [link for link in self._all() if link.dumping]
        for link in links:
            link.gates[link.client].clear()
        return links

    @staticmethod
    def let_go(links):
        for link in links:
            link.half_open = False
            for gate in link.gates.values():
                gate.set()
            if link.ended:
                link.close()

    def take_on_commit(self):
        with self._lock:
            action, self.on_commit = self.on_commit, None
        return action

    def hold(self):
        self.open.clear()

    def release(self):
        self.open.set()

    def refuse(self, on, but_first=0):
        """New connections, all but the first so many."""
        self._passing = but_first
        self._refusing = on

    def close(self):
        self.open.set()
        self._listener.close()
        self.let_go(self._all())
        self.cut()
