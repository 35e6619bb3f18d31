# SPDX-License-Identifier: Apache-2.0
"""What a node that nib has made is expected to be like after its first boot."""

import re

# How a node's plan changes the set of units that the base image starts.
ENABLED = {
    "ssh.service",
    "k8s-firstboot.service",
    "systemd-time-wait-sync.service",
    "getty@tty1.service",
}
DISABLED = {
    "userconfig.service",
    # Disables itself when it has run.
    "rpi-resize.service",
}

# Units that may fail without a network, which no emulated machine has, and why.
MAY_FAIL = {
    "NetworkManager-wait-online.service",  # nobody offers a way out
    "systemd-time-wait-sync.service",  # no time server
    "apt-daily.service",
    "apt-daily-upgrade.service",
    "k8s-firstboot.service",  # gives up for this time, to be started again
}

FIRSTBOOT_LOG = "/var/log/k8s-firstboot.log"

# Run on the node; its answers are cut apart at the lines that begin with "=== ".  An emulated
# processor on a busy machine needs more patience with D-Bus than the usual 25 seconds.  A list
# that could not be had must not pass for an empty one: "complete" ends those that could.
COMPLETE = "complete"
GATHER = r"""
export SYSTEMD_BUS_TIMEOUT=600s
section() { printf '\n=== %s\n' "$1"; }
list() { systemctl --no-legend --plain "$@" && echo complete; }
section hostname; hostname
section hostname-file; cat /etc/hostname
section hosts; getent hosts "$(hostname)"
section host-keys; ls /etc/ssh
section keygen; systemctl show -p ConditionResult,Result sshd-keygen.service
section resize; cat /var/lib/rpi-resize.ran
section root-size; df -B1 --output=size / | tail -n 1
section swaps; tail -n +2 /proc/swaps
section cgroup; cat /sys/fs/cgroup/cgroup.controllers
section cmdline; cat /proc/cmdline
section enabled; list list-unit-files --state=enabled
section failed; list list-units --state=failed
section jobs; list list-jobs
section userconfig; systemctl show -p LoadState,ActiveState userconfig.service
section cloud-init; systemctl is-active cloud-init.target cloud-init-main.service cloud-final.service
section firstboot; systemctl show -p LoadState,ActiveState,SubState k8s-firstboot.service
section firstboot-log; stat -c '%a %U %G' /var/log/k8s-firstboot.log
section firstboot-text; sudo -n tail -n 20 /var/log/k8s-firstboot.log
section machine-id; cat /etc/machine-id
section timezone; readlink /etc/localtime
section addresses; ip -brief address
section modules; lsmod | cut -d ' ' -f 1
section forward; cat /proc/sys/net/ipv4/ip_forward
section sudo; sudo -n id -u
section network; nmcli -t -f NAME,DEVICE,STATE connection show
"""


def parse_facts(text):
    """{section: its lines} of what GATHER prints."""
    facts = {}
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        facts[name] = body.split("\n")
        while facts[name] and not facts[name][-1]:
            facts[name].pop()
    return facts


def units_of(lines):
    """The first word of each line of a list, or None if the list is not complete."""
    if not lines or lines[-1] != COMPLETE:
        return None
    return {line.split()[0] for line in lines[:-1] if line.strip()}


def template(unit):
    """getty@tty1.service -> getty@.service, as list-unit-files has it."""
    return re.sub(r"@[^.]+\.", "@.", unit)


def expected_enabled(base_units, first_boot=True):
    """The set of units that may be enabled on a node made from a base image with these."""
    disabled = DISABLED if first_boot else DISABLED - {"rpi-resize.service"}
    return (set(base_units) | ENABLED) - disabled
