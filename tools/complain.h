/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/complain.h: what is wrong, to the user. */
#ifndef TOOLS_COMPLAIN_H
#define TOOLS_COMPLAIN_H

/* One line on standard error, whatever is in what it quotes: characters that a
 * terminal would obey are shown as `?'.  Returns -1. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* TOOLS_COMPLAIN_H */
