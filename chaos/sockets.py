"""Connections byte by byte, for those who do not keep to HTTP: over TLS or not, and WebSockets upon them."""

import base64
import json
import os
import select
import socket
import ssl
import struct
import time

from cluster import Unavailable


class Raw:
    """One connection to a node. What arrives is kept in `received`; `ended` is the moment at which the node closed it.

    `tls`: a context; None sends as it is. Raises Unavailable where a connection does not come about."""

    def __init__(self, node, tls, timeout=10):
        self.received, self.ended = b"", None
        try:
            self._socket = socket.create_connection((node.host, node.port), timeout)
            if tls:
                self._socket = tls.wrap_socket(self._socket, server_hostname=node.host)
        except OSError as error:
            raise Unavailable(str(error)) from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, data):
        """Waits while the node takes nothing. Sends nothing where it has closed."""
        if self.ended:
            return
        try:
            self._socket.sendall(data)
        except TimeoutError as error:
            raise Unavailable("the node takes no more, and does not close") from error
        except OSError:
            self.look()  # what it sent before its end is still to be read
            self.ended = self.ended or time.monotonic()

    def look(self, timeout=0.0):
        """Takes what has arrived, or arrives in time; False once the node has closed the connection."""
        while not self.ended:
            is_pending = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()
            if not is_pending and not select.select([self._socket], [], [], timeout)[0]:
                break
            try:
                self._take()
            except OSError:
                self.ended = time.monotonic()
        return not self.ended

    def read(self, is_enough, timeout=10):
        """Takes what arrives until that is enough or the connection ends; returns all of it."""
        deadline = time.monotonic() + timeout
        while not is_enough(self.received) and time.monotonic() < deadline and self.look(0.05):
            pass
        return self.received

    def read_to_end(self, timeout=10):
        return self.read(lambda _: False, timeout)

    def read_answer(self, timeout=10):
        """The status of the answer to a request, if one comes; None if not."""
        self.read(lambda bytes: b"\r\n\r\n" in bytes, timeout)
        return status(self.received)

    def _take(self):
        # A record of TLS that is not whole, or has nothing in it for us, must keep nobody waiting.
        before = self._socket.gettimeout()
        self._socket.setblocking(False)
        try:
            some = self._socket.recv(1 << 16)
            if not some:
                self.ended = time.monotonic()
            self.received += some
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        finally:
            self._socket.settimeout(before)


def status(answer):
    """The status in the first line of an answer; None if it is none."""
    words = answer.split(b"\r\n", 1)[0].split(b" ")
    return int(words[1]) if len(words) > 1 and words[0] == b"HTTP/1.1" else None


def head(method, path, key=None, **fields):
    """The head of a request. `_` in the names of fields stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if key is not None:
        lines.append(f"x-api-key: {key}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class WebSocket(Raw):
    """A session, from its upgrade on."""

    def __init__(self, node, path, tls):
        super().__init__(node, tls)
        nonce = base64.b64encode(os.urandom(16)).decode()
        self.send(head(
            "GET", path, Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Key=nonce, Sec_WebSocket_Version=13
        ))
        if self.read_answer() != 101:
            raise Unavailable(f"{node.name}: no WebSocket, but {self.received[:200]}")
        self.received = self.received.split(b"\r\n\r\n", 1)[1]

    def say(self, message):
        """Sends one message, which is shorter than 64 KiB as JSON."""
        self._send_frame(1, json.dumps(message).encode())

    def _send_frame(self, kind, data):
        mask = os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        self.send(bytes([0x80 | kind]) + size + mask + masked)

    def hear(self, timeout=10):
        """The next message, decoded; `{"closed": code}` for a farewell, which is returned; `{}` for neither."""
        self.read(lambda bytes: self._frame(bytes) is not None, timeout)
        frame = self._frame(self.received)
        if frame is None:
            return {}
        kind, data, self.received = frame
        if kind == 8:
            self._send_frame(8, b"")
            return {"closed": struct.unpack("!H", data[:2])[0]}
        return json.loads(data) if kind == 1 else self.hear(timeout)

    @staticmethod
    def _frame(received):
        """The first frame's kind and data, and what follows it; None if it is not all there."""
        if len(received) < 2:
            return None
        size, start = received[1] & 0x7F, 2
        if size == 126:
            if len(received) < 4:
                return None
            size, start = struct.unpack("!H", received[2:4])[0], 4
        if len(received) < start + size:
            return None
        return received[0] & 0x0F, received[start:start + size], received[start + size:]
