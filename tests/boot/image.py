# SPDX-License-Identifier: Apache-2.0
"""Read a disk image with other programs than nib: mtools, debugfs, and the partition table here."""

import os
import shutil
import struct
import subprocess
import tempfile

SECTOR = 512


class ImageError(Exception):
    pass


def missing_tools(names):
    """Those of the programs that are not installed, as a list."""
    # debugfs lives in sbin, which is not on everybody's PATH.
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    return [name for name in names if not shutil.which(name)]


class Image:
    """The two partitions of a Raspberry Pi OS image: FAT first, ext4 second."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            mbr = f.read(SECTOR)
        if mbr[510:512] != b"\x55\xaa":
            raise ImageError(f"{path}: no partition table")
        self.disk_id = struct.unpack_from("<I", mbr, 440)[0]
        self.partitions = []
        for i in range(4):
            start, size = struct.unpack_from("<II", mbr, 446 + 16 * i + 8)
            if size:
                self.partitions.append((start, size))
        if len(self.partitions) < 2:
            raise ImageError(f"{path}: fewer than two partitions")

    def _run(self, argv):
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            raise ImageError(f"{argv[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def fat(self, name):
        """Content of a file on the boot partition, as bytes."""
        drive = f"{self.path}@@{self.partitions[0][0] * SECTOR}"
        return self._run(["mcopy", "-n", "-i", drive, f"::{name}", "-"])

    def debugfs(self, command):
        """What debugfs answers, as text; it has no useful exit status."""
        where = f"{self.path}?offset={self.partitions[1][0] * SECTOR}"
        return self._run(["debugfs", "-R", command, where]).decode(errors="replace")

    def read(self, path):
        """Content of a file in the root file system as text, or None if it is not there."""
        with tempfile.NamedTemporaryFile() as f:
            self.debugfs(f"dump {path} {f.name}")
            content = f.read().decode(errors="replace")
        return content if content or self.stat(path) else None

    def stat(self, path):
        """(type and permission bits, uid, gid) of a path, or None; does not follow the last link."""
        parent, name = os.path.split(path)
        return self.list(parent).get(name, (None,))[0]

    def list(self, directory):
        """{name: ((mode, uid, gid), inode)} of a directory; {} if it is not there."""
        entries = {}
        for line in self.debugfs(f"ls -p {directory}").splitlines():
            field = line.split("/")  # /inode/mode/uid/gid/name/size/
            if len(field) >= 7 and field[5] not in ("", ".", ".."):
                attr = (int(field[2], 8), int(field[3]), int(field[4]))
                entries[field[5]] = (attr, int(field[1]))
        return entries

    def readlink(self, path):
        """Where a symbolic link leads, or None; only short links, as those of systemd are."""
        for line in self.debugfs(f"stat {path}").splitlines():
            if line.startswith("Fast link dest: "):
                return line.split(": ", 1)[1].strip('"')
        return None

    def linked_units(self):
        """Names of the units that links in /etc/systemd/system start."""
        base = "/etc/systemd/system"
        units = set()
        for directory in self.list(base):
            if directory.endswith((".wants", ".requires")):
                units.update(self.list(f"{base}/{directory}"))
        return units

    def enabled_units(self):
        """The same, with those that have another name by a link: what systemd calls enabled."""
        base = "/etc/systemd/system"
        units = self.linked_units()
        for name, ((mode, _, _), _) in self.list(base).items():
            if mode & 0o170000 == 0o120000 and name != "default.target":
                units.add(os.path.basename(self.readlink(f"{base}/{name}")))
        return units - {"null"}
