/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hurd/termios.h: terminal modes on the wire, with 4.4BSD's values.
 */

#ifndef HURD_TERMIOS_H
#define HURD_TERMIOS_H

#include <stdint.h>

#define HT_NCCS 20

struct hurd_termios {
    uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_cc[HT_NCCS];
    int32_t c_ispeed, c_ospeed;
};

/* c_cc */
enum {
    HT_VEOF = 0,
    HT_VEOL = 1,
    HT_VEOL2 = 2,
    HT_VERASE = 3,
    HT_VWERASE = 4,
    HT_VKILL = 5,
    HT_VREPRINT = 6,
    HT_VINTR = 8,
    HT_VQUIT = 9,
    HT_VSUSP = 10,
    HT_VDSUSP = 11,
    HT_VSTART = 12,
    HT_VSTOP = 13,
    HT_VLNEXT = 14,
    HT_VDISCARD = 15,
    HT_VMIN = 16,
    HT_VTIME = 17,
    HT_VSTATUS = 18,
};
#define HT_VDISABLE 0xff

/* c_iflag */
#define HT_IGNBRK  0x00001u
#define HT_BRKINT  0x00002u
#define HT_IGNPAR  0x00004u
#define HT_PARMRK  0x00008u
#define HT_INPCK   0x00010u
#define HT_ISTRIP  0x00020u
#define HT_INLCR   0x00040u
#define HT_IGNCR   0x00080u
#define HT_ICRNL   0x00100u
#define HT_IXON    0x00200u
#define HT_IXOFF   0x00400u
#define HT_IXANY   0x00800u
#define HT_IMAXBEL 0x02000u

/* c_oflag */
#define HT_OPOST  0x00001u
#define HT_ONLCR  0x00002u
#define HT_OXTABS 0x00004u
#define HT_ONOEOT 0x00008u
#define HT_OCRNL  0x00010u
#define HT_ONOCR  0x00020u
#define HT_ONLRET 0x00040u
#define HT_OLCUC  0x00200u

/* c_cflag */
#define HT_CIGNORE 0x00001u
#define HT_CSIZE   0x00300u
#define HT_CS5     0x00000u
#define HT_CS6     0x00100u
#define HT_CS7     0x00200u
#define HT_CS8     0x00300u
#define HT_CSTOPB  0x00400u
#define HT_CREAD   0x00800u
#define HT_PARENB  0x01000u
#define HT_PARODD  0x02000u
#define HT_HUPCL   0x04000u
#define HT_CLOCAL  0x08000u

/* c_lflag */
#define HT_ECHOKE     0x00000001u
#define HT_ECHOE      0x00000002u
#define HT_ECHOK      0x00000004u
#define HT_ECHO       0x00000008u
#define HT_ECHONL     0x00000010u
#define HT_ECHOPRT    0x00000020u
#define HT_ECHOCTL    0x00000040u
#define HT_ISIG       0x00000080u
#define HT_ICANON     0x00000100u
#define HT_ALTWERASE  0x00000200u
#define HT_IEXTEN     0x00000400u
#define HT_MDMBUF     0x00100000u
#define HT_TOSTOP     0x00400000u
#define HT_FLUSHO     0x00800000u
#define HT_NOKERNINFO 0x02000000u
#define HT_PENDIN     0x20000000u
#define HT_NOFLSH     0x80000000u

#endif
