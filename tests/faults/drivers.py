# SPDX-License-Identifier: GPL-2.0-or-later
"""Drivers that are wrong: what the kernel says of them."""
import machine
from machine import check
from world import place

# What tests/mach/dma.c does wrong, in its order.
REFUSED = ["data out of reach"] * 6 + [
    "command list out of reach", "command table out of reach",
    "cannot write the received FIS", "data out of reach",
    "command list out of reach"]


def test_dma_to_where_it_is_not_the_drivers_memory():
    disk, config = place("letters.img"), place("dma.cfg")
    with open(disk, "w") as file:
        for sector in range(128):
            file.write(chr(65 + sector % 26) * 512)
    with open(config, "w") as file:
        file.write("multiboot kernel\nmodule %s dma '${host-port}' "
                   "'${device-port}' '$(task-create)' '$(task-resume)'\n"
                   % machine.path("tests", "mach", "dma"))
    status, out, err = machine.hell("boot", "--config", config, "--disk", disk)
    check(status == 0 and ", 0 failed" in out,
          "a driver's bad addresses are refused, good ones are not",
          "status %s\n%s%s" % (status, out, err))
    said = [line.partition("pc: ")[2] for line in out.split("\n")
            if "pc: " in line]
    check(len(said) == len(REFUSED) and
          all(wanted in line and "ahci 0:2.0 port 0" in line and
              line.rstrip().endswith("(driven by dma)")
              for wanted, line in zip(REFUSED, said)),
          "each is told in one line, with function, address and task", out)
