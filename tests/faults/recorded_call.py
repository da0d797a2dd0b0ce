"""What a DICOM peer says to a node: recorded once, then said again, changed or not."""

import socket
import threading
from collections.abc import Callable


def recorded_call(port: int, call: Callable[[int], object]) -> bytes:
    """The bytes that `call(other_port)` sends to the node at `port`, through a wire tap at another port."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as tap:
        thread = threading.Thread(target=_pass_on, args=(tap, port, heard))
        thread.start()
        call(tap.getsockname()[1])
        thread.join()
    return b"".join(heard)


def _pass_on(tap: socket.socket, port: int, heard: list[bytes]) -> None:
    """Pass one connection on to the node, and note what its caller says."""
    caller, _ = tap.accept()
    with caller, socket.create_connection(("127.0.0.1", port)) as node:
        back = threading.Thread(target=_copy, args=(node, caller, []))
        back.start()
        _copy(caller, node, heard)
        back.join()


def _copy(source: socket.socket, target: socket.socket, heard: list[bytes]) -> None:
    try:
        while part := source.recv(2**16):
            heard.append(part)
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # the other side has hung up
        return


def said_again(port: int, said: bytes, seconds: float) -> str:
    """Say all this to the node and hang up: "" where it hangs up, too, within so many seconds; else what it did."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as node:
        try:
            node.sendall(said)
            node.shutdown(socket.SHUT_WR)
            while node.recv(2**16):
                pass
        except TimeoutError:
            return f"no end after {seconds:g} s"
        except OSError:  # it has cut the connection off
            return ""
    return ""
