/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/fsysopts/main.c: shows or sets a file system's options.
 *
 *     fsysopts [-R] FILE [OPTION...]
 */

#include <argz.h>
#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/libhurd.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *name, error_t err)
{
    fprintf(stderr, "fsysopts: %s: %s\n", name, mach_error_string(err));
    return 1;
}

static error_t show(file_t file)
{
    char room[2048], *argz = room;
    mach_msg_type_number_t size = sizeof room;
    error_t err = file_get_fs_options(file, &argz, &size);

    if (err)
        return err;
    argz_stringify(argz, size, ' ');
    printf("%.*s\n", (int)size, argz);
    return 0;
}

static error_t set(file_t file, char **options, int recursive)
{
    char *argz;
    size_t size;
    mach_port_t control;
    error_t err = file_getcontrol(file, &control);

    if (err)
        return err;
    if (argz_create(options, &argz, &size))
        return HURD_ENOMEM;
    return fsys_set_options(control, argz, size, recursive);
}

int main(int argc, char **argv)
{
    int recursive = argc > 1 && strcmp(argv[1], "-R") == 0;
    char **rest = argv + 1 + recursive;
    file_t file;
    error_t err;

    if (!*rest) {
        fprintf(stderr, "usage: fsysopts [-R] FILE [OPTION...]\n");
        return 2;
    }
    err = hurd_lookup(*rest, HO_NORW, 0, &file);
    if (!err)
        err = rest[1] ? set(file, rest + 1, recursive) : show(file);
    return err ? fail(*rest, err) : 0;
}
