"""A visit on a machine where every address is its own: run by a test in a network namespace without a card.

    unshare --net python lonely_visit.py MODEL FILM CHROMIUM

Whatever is sent to any address goes over the loopback device, where every packet is recorded. The program starts
`plainfilm serve`, has a film answered, opens the page in Chromium and has it answer the film and a sample. It prints
JSON: what else was sent than between a client and the server, by part of the visit; the addresses that the
page asked for; and, as the control, what the program itself then tries.
"""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clients
import httpx
from playwright.sync_api import sync_playwright

SETUP = """
link set lo up
-4 route add local default dev lo
-6 route add local default dev lo
"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--no-first-run", "--disable-features=AutofillServerCommunication"]
ALL_PROTOCOLS = 3  # linux/if_ether.h
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
DNS_PORT = 53
SETTLE_S = 0.5  # for what is sent once more, or late


class Watch:
    """All packets that are sent."""

    def __init__(self) -> None:
        self.sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PROTOCOLS))
        self.seen: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            packet, (_, _, kind, *_) = self.sniffer.recvfrom(2**16)
            if kind == socket.PACKET_OUTGOING:
                self.seen.append(packet)

    def strays(self, port: int) -> list[str]:
        """What was sent since the last call, but in connections with the server at this port of 127.0.0.1.

        Each as "look-up NAME" or as "PROTOCOL to ADDRESS".
        """
        time.sleep(SETTLE_S)
        seen, self.seen = self.seen, []
        return sorted({told for packet in seen if (told := _told(packet, port))})


def _told(packet: bytes, port: int) -> str:
    """What a packet is; "" for those of the server's connections, and for refusals by this machine itself.

    Sources: RFC 791 and 8200 (IP), 9293 (TCP), 768 (UDP), 1035 (DNS).
    """
    is_v4 = packet[0] >> 4 == 4
    start = 4 * (packet[0] & 15) if is_v4 else 40
    protocol, receiver = (packet[9], packet[16:20]) if is_v4 else (packet[6], packet[24:40])
    ends = [int.from_bytes(packet[start + offset : start + offset + 2], "big") for offset in (0, 2)]
    is_local = packet[12:20] == 2 * socket.inet_aton("127.0.0.1")
    if protocol in (ICMP, ICMPV6) or (is_v4 and is_local and protocol == TCP and port in ends):
        return ""
    if protocol == UDP and ends[1] == DNS_PORT:
        return f"look-up {_name(packet[start + 20 :])}"
    return f"{protocol} to {socket.inet_ntop(socket.AF_INET if is_v4 else socket.AF_INET6, receiver)}"


def _name(question: bytes) -> str:
    """The name that a DNS question asks for: labels, each after its length."""
    labels = []
    while length := question[0]:
        labels.append(question[1 : length + 1].decode())
        question = question[length + 1 :]
    return ".".join(labels)


@contextlib.contextmanager
def _page(chromium: str) -> Iterator[tuple[object, list[str]]]:
    """A page in Chromium, and the addresses that it asks for."""
    asked: list[str] = []
    with sync_playwright() as driver, driver.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        yield page, asked


def main() -> None:
    """The whole visit."""
    model, film, chromium = sys.argv[1:]
    for line in SETUP.strip().splitlines():
        subprocess.run(["ip", *line.split()], check=True)
    watch = Watch()
    told: dict[str, Any] = {}
    with clients.started(model) as running:
        port = int(running.address.rpartition(":")[2])
        answer = httpx.post(f"{running.address}/v1/predictions?map=png&film=png", content=Path(film).read_bytes())
        told["status"] = answer.status_code
        told["server"] = watch.strays(port)
        with _page(chromium) as (page, asked):
            page.goto(f"{running.address}/")
            page.set_input_files("#files", film)
            page.wait_for_selector(".bars")
            page.goto(f"{running.address}/")
            page.click("#samples button")
            page.wait_for_selector(".bars")
            told["page"] = watch.strays(port)
        told["asked"] = sorted({url.removeprefix(running.address) for url in asked})
    watch.strays(port)
    told["control"] = []
    for host in ("198.51.100.1", "2001:db8::1", "elsewhere.example"):  # RFC 5737, 3849, 2606: nobody's
        with contextlib.suppress(OSError):
            socket.create_connection((host, 443), timeout=1)
        told["control"].append(watch.strays(port))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
