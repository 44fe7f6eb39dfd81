/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/acpi/private.h: between the reader's parts. */

#ifndef LIB_ACPI_PRIVATE_H
#define LIB_ACPI_PRIVATE_H

#include <acpi/aml.h>

#define AML_PACKAGE 0x12

/* What is left to read. */
struct cursor {
    const uint8_t *at, *end;
};

/* All false, with C anywhere, if what they are to take is not there. */
bool aml_take_byte(struct cursor *c, uint8_t *byte);
/* A package length (20.2.4): *INSIDE is what it spans, C goes behind it. */
bool aml_take_package(struct cursor *c, struct cursor *inside);
bool aml_take_integer(struct cursor *c, uint64_t *value);

#endif
