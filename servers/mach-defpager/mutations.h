/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/mach-defpager/mutations.h: nothing to change: objects are looked up by
 * the ports' names. */
