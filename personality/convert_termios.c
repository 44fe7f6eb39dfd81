/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/convert.h"

#include "hurd/termios.h"

#include <asm/termbits.h>
#include <stddef.h>
#include <string.h>

struct pair {
    uint32_t hurd, linux_bits;
};

static const struct pair input[] = {
    {HT_IGNBRK, IGNBRK},  {HT_BRKINT, BRKINT}, {HT_IGNPAR, IGNPAR},
    {HT_PARMRK, PARMRK},  {HT_INPCK, INPCK},   {HT_ISTRIP, ISTRIP},
    {HT_INLCR, INLCR},    {HT_IGNCR, IGNCR},   {HT_ICRNL, ICRNL},
    {HT_IXON, IXON},      {HT_IXOFF, IXOFF},   {HT_IXANY, IXANY},
    {HT_IMAXBEL, IMAXBEL}};
static const struct pair output[] = {{HT_OPOST, OPOST},  {HT_ONLCR, ONLCR},
                                     {HT_OXTABS, XTABS}, {HT_OCRNL, OCRNL},
                                     {HT_ONOCR, ONOCR},  {HT_ONLRET, ONLRET},
                                     {HT_OLCUC, OLCUC}};
static const struct pair control[] = {{HT_CSTOPB, CSTOPB}, {HT_CREAD, CREAD},
                                      {HT_PARENB, PARENB}, {HT_PARODD, PARODD},
                                      {HT_HUPCL, HUPCL},   {HT_CLOCAL, CLOCAL}};
static const struct pair local[] = {
    {HT_ECHOKE, ECHOKE},   {HT_ECHOE, ECHOE},   {HT_ECHOK, ECHOK},
    {HT_ECHO, ECHO},       {HT_ECHONL, ECHONL}, {HT_ECHOPRT, ECHOPRT},
    {HT_ECHOCTL, ECHOCTL}, {HT_ISIG, ISIG},     {HT_ICANON, ICANON},
    {HT_IEXTEN, IEXTEN},   {HT_TOSTOP, TOSTOP}, {HT_FLUSHO, FLUSHO},
    {HT_PENDIN, PENDIN},   {HT_NOFLSH, NOFLSH}};

/* By Linux's index. */
static const unsigned char characters[] = {
    [VINTR] = HT_VINTR,       [VQUIT] = HT_VQUIT,     [VERASE] = HT_VERASE,
    [VKILL] = HT_VKILL,       [VEOF] = HT_VEOF,       [VTIME] = HT_VTIME,
    [VMIN] = HT_VMIN,         [VSTART] = HT_VSTART,   [VSTOP] = HT_VSTOP,
    [VSUSP] = HT_VSUSP,       [VEOL] = HT_VEOL,       [VREPRINT] = HT_VREPRINT,
    [VDISCARD] = HT_VDISCARD, [VWERASE] = HT_VWERASE, [VLNEXT] = HT_VLNEXT,
    [VEOL2] = HT_VEOL2,
};

/* Linux has numbers for speeds; the wire has the speeds. */
static const struct {
    uint32_t code;
    int32_t speed;
} speeds[] = {{B0, 0},          {B300, 300},     {B1200, 1200},
              {B2400, 2400},    {B4800, 4800},   {B9600, 9600},
              {B19200, 19200},  {B38400, 38400}, {B57600, 57600},
              {B115200, 115200}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint32_t bits_to_linux(uint32_t bits, const struct pair *pairs,
                              size_t count)
{
    uint32_t result = 0;

    for (size_t i = 0; i < count; i++) {
        if ((bits & pairs[i].hurd) == pairs[i].hurd)
            result |= pairs[i].linux_bits;
    }
    return result;
}

static uint32_t bits_to_hurd(uint32_t bits, const struct pair *pairs,
                             size_t count)
{
    uint32_t result = 0;

    for (size_t i = 0; i < count; i++) {
        if ((bits & pairs[i].linux_bits) == pairs[i].linux_bits)
            result |= pairs[i].hurd;
    }
    return result;
}

static uint32_t speed_to_linux(int32_t speed)
{
    for (size_t i = 0; i < COUNT(speeds); i++) {
        if (speeds[i].speed == speed)
            return speeds[i].code;
    }
    return B38400;
}

static int32_t speed_to_hurd(uint32_t code)
{
    for (size_t i = 0; i < COUNT(speeds); i++) {
        if (speeds[i].code == code)
            return speeds[i].speed;
    }
    return 38400;
}

void termios_to_linux(const struct hurd_termios *from, struct termios *to)
{
    memset(to, 0, sizeof *to);
    to->c_iflag = bits_to_linux(from->c_iflag, input, COUNT(input));
    to->c_oflag = bits_to_linux(from->c_oflag, output, COUNT(output));
    to->c_cflag = bits_to_linux(from->c_cflag, control, COUNT(control)) |
                  (from->c_cflag & HT_CSIZE) >> 4 |
                  speed_to_linux(from->c_ospeed);
    to->c_lflag = bits_to_linux(from->c_lflag, local, COUNT(local));
    for (size_t i = 0; i < COUNT(characters); i++) {
        uint8_t c = from->c_cc[characters[i]];
        if (i != VSWTC)
            to->c_cc[i] = c == HT_VDISABLE && i != VMIN && i != VTIME ? 0 : c;
    }
}

void termios_to_hurd(const struct termios *from, struct hurd_termios *to)
{
    memset(to, 0, sizeof *to);
    memset(to->c_cc, HT_VDISABLE, sizeof to->c_cc);
    to->c_iflag = bits_to_hurd(from->c_iflag, input, COUNT(input));
    to->c_oflag = bits_to_hurd(from->c_oflag, output, COUNT(output));
    to->c_cflag = bits_to_hurd(from->c_cflag, control, COUNT(control)) |
                  (from->c_cflag & CSIZE) << 4;
    to->c_lflag = bits_to_hurd(from->c_lflag, local, COUNT(local));
    to->c_ispeed = to->c_ospeed = speed_to_hurd(from->c_cflag & CBAUD);
    for (size_t i = 0; i < COUNT(characters); i++) {
        uint8_t c = from->c_cc[i];
        if (i != VSWTC)
            to->c_cc[characters[i]] =
                c == 0 && i != VMIN && i != VTIME ? HT_VDISABLE : c;
    }
}
