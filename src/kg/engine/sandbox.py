"""What a query process gives up before it sees a query: network, files to write, children, core dumps.

Three steps, because the kernel wants them so: a network namespace can only be left while the process has one
thread; the address space can only be capped once the engine has mapped what it needs; and the filter of
system calls is put on every thread at the end. All of it holds for the rest of the process's life.
"""

import ctypes
import errno
import os
import resource
import signal
import struct
from typing import TypeAlias

Barriers: TypeAlias = dict[str, bool]
"""Name of a barrier → whether it holds."""

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_THREAD = 0x10000000, 0x40000000, 0x00010000
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 1
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SCRATCH_BYTES, _OPEN_FILES = 1 << 16, 4096

# Numbers of the system calls, from the kernel's own tables (asm/unistd_64.h and asm-generic/unistd.h).
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_NETWORK = {
    # socket connect accept sendto sendmsg bind listen socketpair accept4 sendmmsg
    "x86_64": (41, 42, 43, 44, 46, 49, 50, 53, 288, 307),
    "aarch64": (198, 203, 202, 206, 211, 200, 201, 199, 242, 269),
}
_PROCESSES = {
    # execve execveat kill ptrace process_vm_readv process_vm_writev unshare setns mount bpf userfaultfd
    # pidfd_send_signal pidfd_getfd io_uring_setup io_uring_enter; on x86_64 also fork and vfork
    "x86_64": (59, 322, 62, 101, 310, 311, 272, 308, 165, 321, 323, 424, 438, 425, 426, 57, 58),
    "aarch64": (221, 281, 129, 117, 270, 271, 97, 268, 40, 280, 282, 424, 438, 425, 426),
}
_FILES = {
    # openat2 open_by_handle_at unlinkat renameat renameat2 truncate ftruncate mkdirat linkat symlinkat fchmod
    # fchmodat fchown fchownat mknodat; on x86_64 also creat, rename, mkdir, rmdir, link, unlink, symlink,
    # chmod, chown, lchown and mknod
    "x86_64": (
        *(437, 304, 263, 264, 316, 76, 77, 258, 265, 266, 91, 268, 93, 260, 259),
        *(85, 82, 83, 84, 86, 87, 88, 90, 92, 94, 133),
    ),
    "aarch64": (437, 265, 35, 38, 276, 45, 46, 34, 37, 36, 52, 53, 55, 54, 33),
}
# number of a call that opens a file → which of its arguments holds the flags
_OPENING = {"x86_64": {2: 1, 257: 2}, "aarch64": {56: 2}}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def leave_network() -> bool:
    """Move the process into a network of its own, without any interface; only while it has one thread."""
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def end_with_parent() -> bool:
    """Have the kernel kill the process when its parent's thread ends, and leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)


def cap_resources(memory: int) -> Barriers:
    """Cap what may be mapped to what is mapped now and ``memory`` bytes; no core dumps, next to no files."""
    return {
        "memory": _cap(resource.RLIMIT_AS, _mapped() + memory),
        "core": _cap(resource.RLIMIT_CORE, 0),
        "file size": _cap(resource.RLIMIT_FSIZE, _SCRATCH_BYTES),
        "open files": _cap(resource.RLIMIT_NOFILE, _OPEN_FILES),
    }


def _mapped() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - pathlib is slow to import
        return int(statm.read().split()[0]) * resource.getpagesize()


def _cap(kind: int, most: int) -> bool:
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))
    return resource.getrlimit(kind) == (most, most)


def filter_calls() -> bool:
    """Refuse, with EPERM and in all threads, the system calls that reach outside.

    They are those for sockets, for starting and touching processes, and for changing files. On a machine for
    which no table is kept nothing is filtered, and the answer is ``False``.
    """
    machine = os.uname().machine
    if machine not in _AUDIT_ARCH:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    code = _program(machine)
    program = _Program(len(code) // 8, code)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    answer = libc.syscall(
        _SECCOMP[machine], _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(program)
    )
    return bool(answer == 0)


def _program(machine: str) -> bytes:
    """The filter in the kernel's packet-filter code, eight bytes an instruction.

    It reads ``struct seccomp_data``: the call's number at 0, the architecture at 4, arguments from 16.
    """
    refuse = _step(_RETURN, _REFUSE | errno.EPERM)
    code = [
        _step(_LOAD, 4),
        _step(_EQUAL, _AUDIT_ARCH[machine], then=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, 0),
        _step(_AT_LEAST, _X32, otherwise=1),
        refuse,
        _step(_EQUAL, _CLONE3, otherwise=1),
        _step(_RETURN, _REFUSE | errno.ENOSYS),  # the C library then falls back to clone
    ]
    for number in (*_NETWORK[machine], *_PROCESSES[machine], *_FILES[machine]):
        code += [_step(_EQUAL, number, otherwise=1), refuse]
    for number, argument in _OPENING[machine].items():
        code += _unless_flags(number, argument, allowed_if=False, flags=_WRITING)
    code += _unless_flags(_CLONE[machine], 0, allowed_if=True, flags=_CLONE_THREAD)
    return b"".join([*code, _step(_RETURN, _ALLOW)])


def _unless_flags(number: int, argument: int, *, allowed_if: bool, flags: int) -> list[bytes]:
    """Decide on a call by flags in an argument: in its low half, which comes first on these machines."""
    verdicts = [_step(_RETURN, _REFUSE | errno.EPERM), _step(_RETURN, _ALLOW)]
    return [
        _step(_EQUAL, number, otherwise=4),
        _step(_LOAD, 16 + 8 * argument),
        _step(_ANY_BIT, flags, otherwise=1),
        verdicts[allowed_if],
        verdicts[not allowed_if],
    ]


def _step(operation: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; a comparison skips ``then`` steps if it holds and ``otherwise`` steps if not."""
    return struct.pack("=HBBI", operation, then, otherwise, value)
