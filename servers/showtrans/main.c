/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/showtrans/main.c: shows the passive translators of files.
 *
 *     showtrans [-p] FILE...
 */

#include <argz.h>
#include <hurd/fs.h>
#include <hurd/libhurd.h>
#include <stdio.h>
#include <string.h>

static error_t show(const char *name, int prefix)
{
    char room[2048], *argz = room;
    mach_msg_type_number_t size = sizeof room;
    file_t node;
    error_t err = hurd_lookup(name, HO_NOTRANS, 0, &node);

    if (err)
        return err;
    err = file_get_translator(node, &argz, &size);
    mach_port_drop(node);
    if (err == HURD_EINVAL)
        return 0; /* has none */
    if (err)
        return err;
    argz_stringify(argz, size, ' ');
    if (prefix)
        printf("%s: ", name);
    printf("%.*s\n", (int)size, argz);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0, first = 1, prefix;

    if (argc > 1 && strcmp(argv[1], "-p") == 0)
        first++;
    prefix = argc - first > 1 || first > 1;
    if (argc <= first) {
        fprintf(stderr, "usage: showtrans [-p] FILE...\n");
        return 2;
    }
    for (int i = first; i < argc; i++) {
        error_t err = show(argv[i], prefix);
        if (err) {
            fprintf(stderr, "showtrans: %s: %s\n", argv[i],
                    mach_error_string(err));
            failed = 1;
        }
    }
    return failed;
}
