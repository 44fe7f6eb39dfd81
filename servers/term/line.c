/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/term/line.c: the line discipline. */

#include <hurd/signal.h>
#include <string.h>
#include <term/term.h>

#define CTRL(c) ((c)&0x1f)

static boolean_t has_l(uint32_t flag)
{
    return (term.modes.c_lflag & flag) != 0;
}

static boolean_t has_i(uint32_t flag)
{
    return (term.modes.c_iflag & flag) != 0;
}

static boolean_t is_char(uint8_t c, int which)
{
    return c == term.modes.c_cc[which] && c != HT_VDISABLE;
}

void line_init(void)
{
    static const uint8_t cc[HT_NCCS] = {
        [HT_VEOF] = CTRL('d'),
        [HT_VEOL] = HT_VDISABLE,
        [HT_VEOL2] = HT_VDISABLE,
        [HT_VERASE] = 0x7f,
        [HT_VWERASE] = CTRL('w'),
        [HT_VKILL] = CTRL('u'),
        [HT_VREPRINT] = CTRL('r'),
        [7] = HT_VDISABLE,
        [HT_VINTR] = CTRL('c'),
        [HT_VQUIT] = CTRL('\\'),
        [HT_VSUSP] = CTRL('z'),
        [HT_VDSUSP] = CTRL('y'),
        [HT_VSTART] = CTRL('q'),
        [HT_VSTOP] = CTRL('s'),
        [HT_VLNEXT] = CTRL('v'),
        [HT_VDISCARD] = CTRL('o'),
        [HT_VMIN] = 1,
        [HT_VTIME] = 0,
        [HT_VSTATUS] = CTRL('t'),
        [19] = HT_VDISABLE,
    };

    term.modes = (struct hurd_termios){
        .c_iflag = HT_BRKINT | HT_ICRNL | HT_IXON | HT_IXANY | HT_IMAXBEL,
        .c_oflag = HT_OPOST | HT_ONLCR | HT_OXTABS,
        .c_cflag = HT_CS8 | HT_CREAD | HT_HUPCL | HT_CLOCAL,
        .c_lflag = HT_ECHO | HT_ECHOE | HT_ECHOK | HT_ECHOKE | HT_ECHOCTL |
                   HT_ISIG | HT_ICANON | HT_IEXTEN,
        .c_ispeed = 9600,
        .c_ospeed = 9600,
    };
    memcpy(term.modes.c_cc, cc, sizeof cc);
    if (!term.is_terminal) { /* what comes is to pass as it is */
        term.modes.c_iflag = term.modes.c_oflag = term.modes.c_lflag = 0;
    }
}

/* --- output --------------------------------------------------------------- */

static void move_column(uint8_t c)
{
    switch (c) {
    case '\r':
    case '\n':
        term.column = 0;
        break;
    case '\b':
        if (term.column > 0)
            term.column--;
        break;
    case '\t':
        term.column = (term.column | 7) + 1;
        break;
    default:
        /* Continuation bytes of UTF-8 take no place. */
        if (c >= 0x20 && c != 0x7f && (c & 0xc0) != 0x80)
            term.column++;
    }
}

/* What C becomes on the device, at most 8 characters. */
static size_t process(uint8_t c, char to[8])
{
    uint32_t flags = term.modes.c_oflag;
    size_t n = 0;

    if (!(flags & HT_OPOST)) {
        to[n++] = c;
    } else if (c == '\n' && flags & HT_ONLCR) {
        to[n++] = '\r';
        to[n++] = '\n';
    } else if (c == '\r' && flags & HT_OCRNL) {
        to[n++] = '\n';
    } else if (c == '\r' && flags & HT_ONOCR && term.column == 0) {
        return 0;
    } else if (c == '\t' && flags & HT_OXTABS) {
        size_t spaces = 8 - (term.column & 7);
        while (n < spaces)
            to[n++] = ' ';
    } else {
        to[n++] = c;
    }
    move_column(c);
    return n;
}

void line_output(const char *data, size_t length)
{
    char buf[256];
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        n += process(data[i], buf + n);
        if (n > sizeof buf - 8) {
            device_put(buf, n);
            n = 0;
        }
    }
    if (n)
        device_put(buf, n);
}

/* --- echo ----------------------------------------------------------------- */

static boolean_t shows_as_ctrl(uint8_t c)
{
    return has_l(HT_ECHOCTL) && (c < 0x20 || c == 0x7f) && c != '\t' &&
           c != '\n';
}

static void echo(uint8_t c)
{
    char text[2] = {'^', c ^ 0x40};

    if (!has_l(HT_ECHO)) {
        if (c == '\n' && has_l(HT_ECHONL) && has_l(HT_ICANON))
            line_output("\n", 1);
        return;
    }
    if (shows_as_ctrl(c))
        line_output(text, 2);
    else
        line_output((char *)&c, 1);
}

/* Where the cursor stood before the last character of the line being edited,
 * and so how far to go back. */
static unsigned column_of_edit(void)
{
    unsigned column = term.edit_column;

    for (unsigned i = 0; i < term.edit_count; i++) {
        uint8_t c = term.edit[i];
        if (shows_as_ctrl(c))
            column += 2;
        else if (c == '\t')
            column = (column | 7) + 1;
        else if ((c & 0xc0) != 0x80)
            column++;
    }
    return column;
}

static void erase_last(void)
{
    unsigned before = column_of_edit();

    if (term.edit_count == 0)
        return;
    do
        term.edit_count--;
    while (term.edit_count > 0 && (term.edit[term.edit_count] & 0xc0) == 0x80);
    if (!has_l(HT_ECHO))
        return;
    if (!has_l(HT_ECHOE)) {
        echo(term.modes.c_cc[HT_VERASE]);
        return;
    }
    for (unsigned n = before - column_of_edit(); n > 0; n--)
        line_output("\b \b", 3);
}

static void erase_word(void)
{
    while (term.edit_count > 0 && (term.edit[term.edit_count - 1] == ' ' ||
                                   term.edit[term.edit_count - 1] == '\t'))
        erase_last();
    while (term.edit_count > 0 && term.edit[term.edit_count - 1] != ' ' &&
           term.edit[term.edit_count - 1] != '\t')
        erase_last();
}

static void kill_line(void)
{
    if (has_l(HT_ECHOKE) && has_l(HT_ECHOE)) {
        while (term.edit_count > 0)
            erase_last();
        return;
    }
    term.edit_count = 0;
    echo(term.modes.c_cc[HT_VKILL]);
    if (has_l(HT_ECHO) && has_l(HT_ECHOK))
        line_output("\n", 1);
}

static void reprint(void)
{
    echo(term.modes.c_cc[HT_VREPRINT]);
    line_output("\n", 1);
    term.edit_column = term.column;
    for (unsigned i = 0; i < term.edit_count; i++)
        echo(term.edit[i]);
}

/* --- the input queue ------------------------------------------------------ */

static void put(uint16_t c)
{
    if (term.count == QUEUE_SIZE)
        return;
    term.queue[(term.head + term.count++) % QUEUE_SIZE] = c;
    if (c & (QUEUE_EOF | QUEUE_END))
        term.lines++;
}

static uint16_t get(void)
{
    uint16_t c = term.queue[term.head];

    term.head = (term.head + 1) % QUEUE_SIZE;
    term.count--;
    if (c & (QUEUE_EOF | QUEUE_END))
        term.lines--;
    return c;
}

static void finish_line(uint16_t end)
{
    for (unsigned i = 0; i < term.edit_count; i++)
        put(term.edit[i]);
    put(end);
    term.edit_count = 0;
    pthread_cond_broadcast(&term.input);
}

void line_end(void)
{
    term.ended = TRUE;
    if (term.edit_count > 0)
        finish_line(QUEUE_EOF);
    pthread_cond_broadcast(&term.input);
}

void line_flush_input(void)
{
    term.head = term.count = term.lines = term.edit_count = 0;
    term.literal = FALSE;
}

boolean_t line_readable(void)
{
    if (term.ended)
        return TRUE;
    if (has_l(HT_ICANON))
        return term.lines > 0;
    return term.count > 0 && (term.count >= term.modes.c_cc[HT_VMIN] ||
                              term.modes.c_cc[HT_VTIME] > 0);
}

size_t line_available(void)
{
    size_t n = 0;

    if (!has_l(HT_ICANON))
        return term.count;
    while (term.lines > 0 && n < term.count) {
        uint16_t c = term.queue[(term.head + n) % QUEUE_SIZE];
        if (c & QUEUE_EOF)
            break;
        n++;
        if (c & QUEUE_END)
            break;
    }
    return n;
}

size_t line_take(char *to, size_t size)
{
    size_t n = 0;

    while (n < size && term.count > 0) {
        uint16_t c = term.queue[term.head];
        if (c & QUEUE_EOF) {
            /* An end of file is seen once, by a read that finds it first;
             * after data it only ends the read. */
            get();
            if (has_l(HT_ICANON))
                break;
            continue;
        }
        get();
        to[n++] = c;
        if (has_l(HT_ICANON) && c & QUEUE_END)
            break;
    }
    /* "abc^D" gives "abc", not "abc" and then an end of file. */
    if (n > 0 && n == size && has_l(HT_ICANON) && term.count > 0 &&
        term.queue[term.head] & QUEUE_EOF)
        get();
    if (n > 0)
        pthread_cond_broadcast(&term.space);
    return n;
}

void line_set_modes(const struct hurd_termios *modes)
{
    boolean_t was_canonical = has_l(HT_ICANON);

    term.modes = *modes;
    if (was_canonical && !has_l(HT_ICANON)) {
        for (unsigned i = 0; i < term.edit_count; i++)
            put(term.edit[i]);
        term.edit_count = 0;
    } else if (!was_canonical && has_l(HT_ICANON) && term.count > 0) {
        /* What was typed ahead counts as a line. */
        unsigned last = (term.head + term.count - 1) % QUEUE_SIZE;
        if (!(term.queue[last] & (QUEUE_END | QUEUE_EOF))) {
            term.queue[last] |= QUEUE_END;
            term.lines++;
        }
    }
    if (!has_i(HT_IXON) && term.stopped) {
        term.stopped = FALSE;
        pthread_cond_broadcast(&term.output);
    }
    pthread_cond_broadcast(&term.input);
}

/* --- input ---------------------------------------------------------------- */

/* Whether C was a signal. */
static boolean_t input_signal(uint8_t c)
{
    int sig = is_char(c, HT_VINTR)   ? HSIGINT
              : is_char(c, HT_VQUIT) ? HSIGQUIT
              : is_char(c, HT_VSUSP) ? HSIGTSTP
                                     : 0;

    if (!has_l(HT_ISIG) || sig == 0)
        return FALSE;
    if (!has_l(HT_NOFLSH))
        line_flush_input();
    if (has_l(HT_ECHO))
        echo(c);
    signal_foreground(sig);
    return TRUE;
}

static boolean_t input_flow(uint8_t c)
{
    if (!has_i(HT_IXON))
        return FALSE;
    if (is_char(c, HT_VSTOP)) {
        term.stopped = !is_char(c, HT_VSTART) || !term.stopped;
        return TRUE;
    }
    if (is_char(c, HT_VSTART) || (term.stopped && has_i(HT_IXANY))) {
        term.stopped = FALSE;
        pthread_cond_broadcast(&term.output);
        pthread_cond_broadcast(&term.input); /* selects */
        return is_char(c, HT_VSTART);
    }
    return FALSE;
}

static boolean_t input_editing(uint8_t c)
{
    if (is_char(c, HT_VERASE) || (c == '\b' && has_l(HT_ECHOE)))
        erase_last();
    else if (is_char(c, HT_VKILL))
        kill_line();
    else if (is_char(c, HT_VWERASE) && has_l(HT_IEXTEN))
        erase_word();
    else if (is_char(c, HT_VREPRINT) && has_l(HT_IEXTEN))
        reprint();
    else if (is_char(c, HT_VEOF))
        finish_line(QUEUE_EOF);
    else
        return FALSE;
    return TRUE;
}

static void input_plain(uint8_t c, boolean_t literal)
{
    if (!has_l(HT_ICANON)) {
        echo(c);
        put(c);
        pthread_cond_broadcast(&term.input);
        return;
    }
    boolean_t ends =
        !literal && (c == '\n' || is_char(c, HT_VEOL) || is_char(c, HT_VEOL2));
    if (!ends && term.edit_count >= QUEUE_SIZE / 2 - 2) {
        if (has_i(HT_IMAXBEL))
            device_put("\a", 1);
        return;
    }
    if (term.edit_count == 0)
        term.edit_column = term.column;
    echo(c);
    if (ends)
        finish_line(c | QUEUE_END);
    else
        term.edit[term.edit_count++] = c;
}

void line_input(uint8_t c)
{
    boolean_t literal = term.literal;

    term.literal = FALSE;
    if (has_i(HT_ISTRIP))
        c &= 0x7f;
    if (!literal) {
        if (has_l(HT_IEXTEN) && has_l(HT_ICANON) && is_char(c, HT_VLNEXT)) {
            term.literal = TRUE;
            if (has_l(HT_ECHO) && has_l(HT_ECHOCTL))
                line_output("^\b", 2);
            return;
        }
        if (input_signal(c) || input_flow(c))
            return;
        if (c == '\r') {
            if (has_i(HT_IGNCR))
                return;
            if (has_i(HT_ICRNL))
                c = '\n';
        } else if (c == '\n' && has_i(HT_INLCR)) {
            c = '\r';
        }
        if (has_l(HT_ICANON) && input_editing(c))
            return;
    }
    input_plain(c, literal);
}
