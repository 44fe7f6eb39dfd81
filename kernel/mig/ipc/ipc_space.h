/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MIG's output asks for its types under this name. */
#include "mig/types.h"
