"""A running server seen from outside: its address, its processes, their memory."""

import os
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    """A running ``kg serve``."""

    address: str
    process: Popen[str]

    @property
    def host_and_port(self) -> tuple[str, int]:
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        return host, int(port)

    def readers(self) -> list[int]:
        """The query processes."""
        return [pid for pid in descendants(self.process.pid) if b"kg.engine.reader" in command(pid)]

    def resident(self) -> int:
        """Bytes of memory that the server and its processes hold, shared pages counted for each."""
        return sum(resident(pid) for pid in (self.process.pid, *descendants(self.process.pid)))


def descendants(pid: int) -> list[int]:
    """The processes below one."""
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in listing.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0
