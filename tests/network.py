"""Machines on this machine: network namespaces, each with a name, an address and a cable to a switch that all share.

They have one disk and one processor between them, and whoever may make namespaces is root here.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

CALL_SECONDS = 20.0
POLL_SECONDS = 0.05
INSIDE = 'hostname "$0" && mount --bind "$1" "$2" && shift 2 && exec "$@"'


class NoNetwork(Exception):
    """Namespaces cannot be made here; the text says why."""


@dataclass(frozen=True)
class Machine:
    """A machine. What it keeps in `temporary` is its own: each sees another folder there."""

    name: str
    namespace: str
    cable: str
    address: str
    temporary: Path
    own: Path

    @property
    def prefix(self) -> tuple[str, ...]:
        """What stands before a command for it to run on this machine, in the process that is started."""
        folders = (str(self.own), str(self.temporary))
        return ("ip", "netns", "exec", self.namespace, "unshare", "--uts", "sh", "-c", INSIDE, self.name, *folders)

    def processes(self) -> list[psutil.Process]:
        """Return what runs on it."""
        found = []
        for pid in _ip("netns", "pids", self.namespace).split():
            with suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(int(pid)))
        return found

    def lose_power(self) -> None:
        """End all its processes at once, those that are being started too."""
        while processes := self.processes():
            for each in processes:
                with suppress(ProcessLookupError):
                    os.kill(each.pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)  # nobody waits for them here: those who started them do

    def unplug(self) -> None:
        """Pull its cable."""
        _ip("link", "set", self.cable, "down")

    def plug_in(self) -> None:
        """Put its cable back."""
        _ip("link", "set", self.cable, "up")

    def lose_sight_of(self, other: "Machine") -> None:
        """Let nothing reach the other machine any more, and nothing from there be answered."""
        self._route("add", other)

    def see(self, other: "Machine") -> None:
        """Undo that."""
        self._route("del", other)

    def _route(self, what: str, other: "Machine") -> None:
        _ip("-n", self.namespace, "route", what, "blackhole", other.address)


@dataclass(frozen=True)
class Network:
    """Machines that reach each other, and us at `address`."""

    address: str
    machines: tuple[Machine, ...]

    def machine(self, name: str) -> Machine:
        return next(each for each in self.machines if each.name == name)


@contextmanager
def a_network(names: Sequence[str]) -> Iterator[Network]:
    """Give a network of machines; what still runs on them is ended. Skips the test where that is not allowed."""
    number = os.getpid() % 65536
    bridge, net = f"i{number}", f"10.{number // 256}.{number % 256}"
    temporary = Path(tempfile.mkdtemp(prefix="ray-"))  # short: sockets lie in it
    machines = tuple(
        Machine(name, f"{bridge}-{name}", f"{bridge}-{place}", f"{net}.{place}", temporary, Path(f"{temporary}-{name}"))
        for place, name in enumerate(names, start=2)
    )
    try:
        try:
            _ip("link", "add", bridge, "type", "bridge")
            _ip("address", "add", f"{net}.1/24", "dev", bridge)
            _ip("link", "set", bridge, "up")
            for machine in machines:
                _connect(machine, bridge)
        except NoNetwork as reason:
            pytest.skip(f"no network namespaces here: {reason}")
        yield Network(f"{net}.1", machines)
    finally:
        for machine in machines:
            with suppress(NoNetwork):
                machine.lose_power()
                _ip("netns", "delete", machine.namespace)  # its cable goes with it
            shutil.rmtree(machine.own, ignore_errors=True)
        with suppress(NoNetwork):
            _ip("link", "delete", bridge)
        shutil.rmtree(temporary, ignore_errors=True)


def _connect(machine: Machine, bridge: str) -> None:
    machine.own.mkdir()
    inside = ("-n", machine.namespace)
    _ip("netns", "add", machine.namespace)
    _ip("link", "add", machine.cable, "type", "veth", "peer", "name", "eth0", "netns", machine.namespace)
    _ip("link", "set", machine.cable, "master", bridge, "up")
    _ip(*inside, "address", "add", f"{machine.address}/24", "dev", "eth0")
    _ip(*inside, "link", "set", "eth0", "up")
    _ip(*inside, "link", "set", "lo", "up")


def _ip(*words: str) -> str:
    """Run `ip`. Raises NoNetwork."""
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=CALL_SECONDS, check=True)
    except FileNotFoundError:
        raise NoNetwork("the program ip is not installed") from None
    except subprocess.CalledProcessError as error:
        raise NoNetwork(f"ip {' '.join(words)}: {error.stderr.strip()}") from None
    return done.stdout
