/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/acpi/aml.h: what a DSDT says without being executed (ACPI specification
 * 6.5, chapters 6.2.13 and 20).
 *
 * A reader of names that stand for constants: no method is run, no condition
 * evaluated.  What would need that is AML_UNKNOWN, never a guess.
 */

#ifndef LIB_ACPI_AML_H
#define LIB_ACPI_AML_H

#include <stdbool.h>
#include <stdint.h>

#define AML_NAMES_MAX 512
#define AML_DEPTH_MAX 8 /* segments of a path */

/* A named object: a constant, or a method or condition that may hide one. */
struct aml_name {
    char path[AML_DEPTH_MAX * 4 + 1];
    const uint8_t *data, *end; /* its value; null if it would have to be run */
};

struct aml {
    struct aml_name names[AML_NAMES_MAX];
    unsigned count;
    bool incomplete; /* something was met that is not understood */
};

enum aml_result {
    AML_FOUND,
    AML_NONE,   /* there is no such thing */
    AML_UNKNOWN /* there may be, but it cannot be told without executing */
};

/* Adds the names of a definition block (a table without its header).  BYTES
 * stay the caller's and must stay. */
void aml_read(struct aml *aml, const uint8_t *bytes, uint32_t size);

/* The global interrupt that PIN (0: INTA) of slot DEV on the root bus BUS is
 * connected to. */
enum aml_result aml_pci_route(const struct aml *aml, unsigned bus, unsigned dev,
                              unsigned pin, unsigned *irq);

/* What to write into the type fields of the PM1 control registers for sleep
 * STATE. */
enum aml_result aml_sleep_types(const struct aml *aml, unsigned state,
                                unsigned *type_a, unsigned *type_b);

#endif
