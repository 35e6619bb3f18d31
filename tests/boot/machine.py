# SPDX-License-Identifier: Apache-2.0
"""Boot an image in QEMU and talk to it: over its serial console, over ssh, and to QEMU itself.

The image is copied first.  Emulation only: what an emulated processor does in a minute a
hardware-assisted one would do in a second, but not on every machine that runs the tests.
"""

import ctypes
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time

from image import Image

QEMU = "qemu-system-aarch64"
# Where a boot ends that does not get to a login.
DEAD_END = r"Kernel panic|\(initramfs\)|You are in emergency mode|Freezing execution"
# On a busy machine an emulated one may take longer to find its disk than systemd will wait.
PATIENCE = "systemd.default_device_timeout_sec=900 systemd.default_timeout_start_sec=900"
PR_SET_PDEATHSIG = 1


class MachineError(Exception):
    pass


def die_with_parent():
    """In the child: a killed test leaves no emulator behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_on_sigterm():
    """Let a SIGTERM take the same way out as an error, so that everything is cleared away."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def free_port():
    """A port nobody listens on at the moment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Network:
    """QEMU's user network: which net the guest is in, and which address ssh is forwarded to."""

    def __init__(self, net="10.0.2.0/24", guest="10.0.2.15"):
        self.net = net
        self.guest = guest
        self.port = free_port()

    def netdev(self):
        # restrict: no test depends on, or disturbs, the network outside.
        return (
            f"user,id=net0,restrict=on,net={self.net},dhcpstart={self.guest},"
            f"hostfwd=tcp:127.0.0.1:{self.port}-{self.guest}:22"
        )


class Machine:
    """One emulated computer, from its first instruction to its end.

    kind is "virt" (a generic machine with a network) or "raspi3b".
    """

    CONSOLE = {"virt": "ttyAMA0,115200", "raspi3b": "ttyS1,115200"}
    # QEMU's USB network card is claimed by the wrong driver of two, if that is there first; and
    # its watchdog resets the machine when systemd starts it, before the disks are unmounted.
    APPEND = {"virt": "", "raspi3b": "modprobe.blacklist=cdc_subset,bcm2835_wdt"}

    def __init__(self, image, kind, directory, network=None, size=None, append=""):
        self.kind = kind
        self.directory = directory
        self.network = network
        self.append = append
        self.disk = os.path.join(directory, "disk.img")
        self.log_path = os.path.join(directory, f"{kind}.log")
        self._copy(image, size)
        self.log = ""
        self._grown = threading.Condition()
        self._process = None
        self._qmp = None

    def _copy(self, image, size):
        subprocess.run(
            ["cp", "--sparse=always", "--reflink=auto", image, self.disk], check=True
        )
        have = os.stat(self.disk).st_size
        # An SD card's size is a power of two, or QEMU refuses it.
        want = 1 << (max(size or 0, have) - 1).bit_length()
        os.truncate(self.disk, want)

    # -- starting ---------------------------------------------------------------------------

    def command_line(self):
        """The image's own, as the firmware would pass it, and a console we can read."""
        console = self.CONSOLE[self.kind]
        line = Image(self.disk).fat("cmdline.txt").decode().strip()
        line = line.replace("console=serial0,115200", f"console={console}")
        extra = [PATIENCE, self.APPEND[self.kind], self.append, f"console={console}"]
        return " ".join(filter(None, [line, *extra]))

    def _extract(self, name):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as f:
            f.write(Image(self.disk).fat(name))
        return path

    def arguments(self):
        """QEMU's arguments."""
        args = [
            QEMU, "-machine", self.kind, "-accel", "tcg,thread=multi", "-display", "none",
            "-no-reboot", "-monitor", "none",
            "-qmp", f"unix:{self.directory}/qmp,server=on,wait=off",
            "-kernel", self._extract("kernel8.img"),
            "-initrd", self._extract("initramfs8"),
            "-append", self.command_line(),
        ]
        drive = f"file={self.disk},format=raw,cache=unsafe"
        if self.kind == "virt":
            args += ["-cpu", "cortex-a72", "-smp", "2", "-m", "2048", "-serial", "stdio"]
            args += ["-drive", f"if=none,id=disk0,{drive}", "-device", "virtio-blk-pci,drive=disk0"]
            args += ["-device", "virtio-rng-pci"]
            nic = "virtio-net-pci,netdev=net0,romfile="
        else:
            args += ["-dtb", self._extract("bcm2710-rpi-3-b.dtb")]
            args += ["-drive", f"if=sd,{drive}", "-serial", "null", "-serial", "stdio"]
            args += ["-device", "usb-kbd"]
            # With an address of a real maker's the kernel calls it eth0, else usb0.
            nic = "usb-net,netdev=net0,mac=b8:27:eb:12:34:56"
        if self.network:
            args += ["-netdev", self.network.netdev(), "-device", nic]
        return args

    def start(self):
        args = self.arguments()
        with open(os.path.join(self.directory, f"{self.kind}.command"), "w") as f:
            f.write(shlex.join(args) + "\n")
        self._process = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
        threading.Thread(target=self._read_serial, daemon=True).start()

    def _read_serial(self):
        with open(self.log_path, "wb", buffering=0) as log:
            while chunk := self._process.stdout.read1(4096):
                log.write(chunk)
                with self._grown:
                    self.log += chunk.decode(errors="replace")
                    self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()

    # -- the serial console -----------------------------------------------------------------

    def expect(self, pattern, timeout):
        """Wait for a regular expression in the log; its match, or None when it will not come."""
        until = time.monotonic() + timeout
        regex = re.compile(pattern, re.MULTILINE)
        with self._grown:
            while not (match := regex.search(self.log)):
                left = until - time.monotonic()
                if left <= 0 or not self.running() or re.search(DEAD_END, self.log):
                    return regex.search(self.log)
                self._grown.wait(min(left, 5))
        return match

    def type(self, text):
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    # -- ssh --------------------------------------------------------------------------------

    def ssh(self, key, script, user="pi", timeout=60):
        """Run a shell script on the node; the finished process."""
        argv = [
            "ssh", "-F", "none", "-p", str(self.network.port), "-i", key,
            "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20",
            "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
            "-o", f"UserKnownHostsFile={self.directory}/known_hosts",
            f"{user}@127.0.0.1", "sh", "-s",
        ]
        try:
            return subprocess.run(
                argv, input=script, capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(argv, 255, "", "ssh: no answer in time")

    def wait_ssh(self, key, timeout, user="pi"):
        """Try until a login works; the last attempt."""
        until = time.monotonic() + timeout
        while True:
            done = self.ssh(key, "true", user)
            hopeless = not self.running() or re.search(DEAD_END, self.log)
            if done.returncode == 0 or hopeless or time.monotonic() > until:
                return done
            time.sleep(3)

    # -- ending -----------------------------------------------------------------------------

    def running(self):
        return self._process is not None and self._process.poll() is None

    def qmp(self, *commands):
        """Tell QEMU something."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(f"{self.directory}/qmp")
            f = s.makefile("rw")
            f.readline()
            for command in ({"execute": "qmp_capabilities"}, *commands):
                f.write(json.dumps(command) + "\n")
                f.flush()
                f.readline()

    def press_power_button(self):
        """Ask the guest to shut down; on a board without such a button, by Ctrl-Alt-Del."""
        if self.kind == "virt":
            self.qmp({"execute": "system_powerdown"})
            return
        keys = [{"type": "qcode", "data": k} for k in ("ctrl", "alt", "delete")]
        self.qmp({"execute": "send-key", "arguments": {"keys": keys}})

    def shut_down(self, timeout):
        """True if the guest came to its end in time: it says so even where it cannot end QEMU."""
        if self.running():
            try:
                self.press_power_button()
            except OSError:
                pass
            ended = self.expect(r"reboot: (Power down|Restarting system|System halted)", timeout)
            time.sleep(1)
            self.kill()
            return bool(ended)
        return True

    def kill(self):
        if self.running():
            self._process.kill()
            self._process.wait()
