/* SPDX-License-Identifier: GPL-2.0-or-later */
#define FILE_INTRAN         protid_t begin_using_protid(file_t)
#define FILE_INTRAN_PAYLOAD protid_t begin_using_protid_payload
#define FILE_DESTRUCTOR     end_using_protid(protid_t)
#define IO_INTRAN           protid_t begin_using_protid(io_t)
#define IO_INTRAN_PAYLOAD   protid_t begin_using_protid_payload
#define IO_DESTRUCTOR       end_using_protid(protid_t)
#define FILE_IMPORTS        import <tests/hurd/tarfs.h>;
#define IO_IMPORTS          import <tests/hurd/tarfs.h>;
