/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/machine/fuzz.h: bytes that say what a bad driver does. */
#ifndef TESTS_MACHINE_FUZZ_H
#define TESTS_MACHINE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Does with a fresh machine what DATA says.  Ends the program if the machine
 * touches what is not RAM, writes to a read-only disk, does not come to an end,
 * or keeps memory. */
void fuzz_run(const uint8_t *data, size_t size);

#endif
