/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hurd/errors.h: error codes as they travel between the Hurd's servers.
 *
 * A POSIX error N of the Hurd is 0x40000000 | N, with the Hurd's own numbers;
 * Mach's, MIG's and the devices' codes travel unchanged.  The names here carry
 * a prefix so that they are never mistaken for the C library's, whose numbers
 * are the host's.
 */

#ifndef HURD_ERRORS_H
#define HURD_ERRORS_H

#ifndef __error_t_defined
typedef int error_t;
#define __error_t_defined 1
#endif

#define HURD_ERR(n)        ((error_t)(0x40000000 | (n)))
#define HURD_ERR_IS(e)     (((unsigned)(e)&0xfffffc00u) == 0x40000000u)
#define HURD_ERR_NUMBER(e) ((e)&0x3fff)

/* NUMBER, NAME, TEXT */
#define HURD_ERRORS(X)                                                         \
    X(1, EPERM, "Operation not permitted")                                     \
    X(2, ENOENT, "No such file or directory")                                  \
    X(3, ESRCH, "No such process")                                             \
    X(4, EINTR, "Interrupted system call")                                     \
    X(5, EIO, "Input/output error")                                            \
    X(6, ENXIO, "No such device or address")                                   \
    X(7, E2BIG, "Argument list too long")                                      \
    X(8, ENOEXEC, "Exec format error")                                         \
    X(9, EBADF, "Bad file descriptor")                                         \
    X(10, ECHILD, "No child processes")                                        \
    X(11, EDEADLK, "Resource deadlock avoided")                                \
    X(12, ENOMEM, "Cannot allocate memory")                                    \
    X(13, EACCES, "Permission denied")                                         \
    X(14, EFAULT, "Bad address")                                               \
    X(15, ENOTBLK, "Block device required")                                    \
    X(16, EBUSY, "Device or resource busy")                                    \
    X(17, EEXIST, "File exists")                                               \
    X(18, EXDEV, "Invalid cross-device link")                                  \
    X(19, ENODEV, "No such device")                                            \
    X(20, ENOTDIR, "Not a directory")                                          \
    X(21, EISDIR, "Is a directory")                                            \
    X(22, EINVAL, "Invalid argument")                                          \
    X(23, ENFILE, "Too many open files in system")                             \
    X(24, EMFILE, "Too many open files")                                       \
    X(25, ENOTTY, "Inappropriate ioctl for device")                            \
    X(26, ETXTBSY, "Text file busy")                                           \
    X(27, EFBIG, "File too large")                                             \
    X(28, ENOSPC, "No space left on device")                                   \
    X(29, ESPIPE, "Illegal seek")                                              \
    X(30, EROFS, "Read-only file system")                                      \
    X(31, EMLINK, "Too many links")                                            \
    X(32, EPIPE, "Broken pipe")                                                \
    X(33, EDOM, "Numerical argument out of domain")                            \
    X(34, ERANGE, "Numerical result out of range")                             \
    X(35, EAGAIN, "Resource temporarily unavailable")                          \
    X(36, EINPROGRESS, "Operation now in progress")                            \
    X(37, EALREADY, "Operation already in progress")                           \
    X(38, ENOTSOCK, "Socket operation on non-socket")                          \
    X(39, EDESTADDRREQ, "Destination address required")                        \
    X(40, EMSGSIZE, "Message too long")                                        \
    X(41, EPROTOTYPE, "Protocol wrong type for socket")                        \
    X(42, ENOPROTOOPT, "Protocol not available")                               \
    X(43, EPROTONOSUPPORT, "Protocol not supported")                           \
    X(44, ESOCKTNOSUPPORT, "Socket type not supported")                        \
    X(45, EOPNOTSUPP, "Operation not supported")                               \
    X(46, EPFNOSUPPORT, "Protocol family not supported")                       \
    X(47, EAFNOSUPPORT, "Address family not supported")                        \
    X(48, EADDRINUSE, "Address already in use")                                \
    X(49, EADDRNOTAVAIL, "Cannot assign requested address")                    \
    X(50, ENETDOWN, "Network is down")                                         \
    X(51, ENETUNREACH, "Network is unreachable")                               \
    X(52, ENETRESET, "Network dropped connection on reset")                    \
    X(53, ECONNABORTED, "Software caused connection abort")                    \
    X(54, ECONNRESET, "Connection reset by peer")                              \
    X(55, ENOBUFS, "No buffer space available")                                \
    X(56, EISCONN, "Socket is already connected")                              \
    X(57, ENOTCONN, "Socket is not connected")                                 \
    X(58, ESHUTDOWN, "Cannot send after endpoint shutdown")                    \
    X(59, ETOOMANYREFS, "Too many references")                                 \
    X(60, ETIMEDOUT, "Connection timed out")                                   \
    X(61, ECONNREFUSED, "Connection refused")                                  \
    X(62, ELOOP, "Too many levels of symbolic links")                          \
    X(63, ENAMETOOLONG, "File name too long")                                  \
    X(64, EHOSTDOWN, "Host is down")                                           \
    X(65, EHOSTUNREACH, "No route to host")                                    \
    X(66, ENOTEMPTY, "Directory not empty")                                    \
    X(67, EPROCLIM, "Too many processes")                                      \
    X(68, EUSERS, "Too many users")                                            \
    X(69, EDQUOT, "Disk quota exceeded")                                       \
    X(70, ESTALE, "Stale file handle")                                         \
    X(71, EREMOTE, "Object is remote")                                         \
    X(72, EBADRPC, "Bad RPC structure")                                        \
    X(73, ERPCMISMATCH, "RPC version wrong")                                   \
    X(74, EPROGUNAVAIL, "RPC program not available")                           \
    X(75, EPROGMISMATCH, "RPC program version wrong")                          \
    X(76, EPROCUNAVAIL, "RPC bad procedure")                                   \
    X(77, ENOLCK, "No locks available")                                        \
    X(78, ENOSYS, "Function not implemented")                                  \
    X(79, EFTYPE, "Inappropriate file type")                                   \
    X(80, EAUTH, "Authentication error")                                       \
    X(81, ENEEDAUTH, "Need authenticator")                                     \
    X(83, ELIBEXEC, "Cannot execute a shared library")                         \
    X(100, EBACKGROUND, "Not allowed in the background")                       \
    X(101, EDIED, "Translator died")                                           \
    X(102, ED, "?")                                                            \
    X(103, EGREGIOUS, "Something that cannot happen did")                      \
    X(104, EIEIO, "Computer bought the farm")                                  \
    X(105, EGRATUITOUS, "Gratuitous error")                                    \
    X(106, EILSEQ, "Invalid multibyte or wide character")                      \
    X(107, EBADMSG, "Bad message")                                             \
    X(108, EIDRM, "Identifier removed")                                        \
    X(109, EMULTIHOP, "Multihop attempted")                                    \
    X(110, ENODATA, "No data available")                                       \
    X(111, ENOLINK, "Link has been severed")                                   \
    X(112, ENOMSG, "No message of desired type")                               \
    X(113, ENOSR, "Out of streams resources")                                  \
    X(114, ENOSTR, "Device not a stream")                                      \
    X(115, EOVERFLOW, "Value too large for defined data type")                 \
    X(116, EPROTO, "Protocol error")                                           \
    X(117, ETIME, "Timer expired")                                             \
    X(118, ENOTSUP, "Not supported")                                           \
    X(119, ECANCELED, "Operation canceled")                                    \
    X(120, EOWNERDEAD, "Owner died")                                           \
    X(121, ENOTRECOVERABLE, "State not recoverable")

enum {
#define X(number, name, text) HURD_##name = 0x40000000 | (number),
    HURD_ERRORS(X)
#undef X
        HURD_EWOULDBLOCK = HURD_EAGAIN,
};

#endif
