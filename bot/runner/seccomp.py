"""seccomp: system calls a model never needs end in EPERM.

A deny list, because numerical libraries differ too much for an allow list; Landlock,
limits and namespaces stand beside it.  The numbers are those of the kernel's tables for
x86_64 (arch/x86/entry/syscalls/syscall_64.tbl) and aarch64 (asm-generic/unistd.h).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from bot.runner.kernel import checked, prctl

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16
_END, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_X32 = 0x40000000
_CLONE_THREAD = 0x00010000
_NEW_NAMESPACES = 0x7E020080
_SET_SECCOMP, _MODE_FILTER = 22, 2

# name: (x86_64, aarch64); None where the architecture has no such call.
DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440), "kcmp": (312, 272),
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41),
    "mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "setsid": (112, 157), "setpgid": (109, 154), "personality": (135, 92),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "syslog": (103, 116), "acct": (163, 89),
    "quotactl": (179, 60), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "fanotify_init": (300, 262),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36),
    "mknod": (133, None), "mknodat": (259, 33),
}  # fmt: skip
_CLONE, _CLONE3, _KILL, _TGKILL, _PRLIMIT = (56, 220), (435, 435), (62, 129), (234, 131), (302, 261)


def supported() -> bool:
    """Say whether there is a table for this machine."""
    return platform.machine() in _AUDIT


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _ERRNO | error)


def _only_towards(number: int, *targets: int) -> bytes:
    """Allow a call only when its first argument is one of these processes."""
    tests = b"".join(
        _step(_EQUAL, target, yes=len(targets) - place) for place, target in enumerate(targets)
    )
    body = _step(_LOAD, _FIRST_ARGUMENT) + tests + _refuse(errno.EPERM) + _step(_RETURN, _ALLOW)
    return _step(_EQUAL, number, no=len(targets) + 3) + body


def program(machine: str, own: int) -> bytes:
    """Return the filter for a machine, for the process with this id.

    Raises:
        KeyError: there is no table for this machine.
    """
    which = 0 if machine == "x86_64" else 1
    steps = [
        _step(_LOAD, _ARCH), _step(_EQUAL, _AUDIT[machine], yes=1), _step(_RETURN, _END),
        _step(_LOAD, _NUMBER),
    ]  # fmt: skip
    if machine == "x86_64":
        steps += [_step(_AT_LEAST, _X32, no=1), _step(_RETURN, _END)]
    for numbers in DENIED.values():
        if numbers[which] is not None:
            steps += [_step(_EQUAL, numbers[which] or 0, no=1), _refuse(errno.EPERM)]
    # glibc asks for clone3 first and falls back to clone, whose flags a filter can read.
    steps += [_step(_EQUAL, _CLONE3[which], no=1), _refuse(errno.ENOSYS)]
    steps += [
        _step(_EQUAL, _CLONE[which], no=5), _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, _NEW_NAMESPACES, yes=1), _step(_ANY_BIT, _CLONE_THREAD, yes=1),
        _refuse(errno.EPERM), _step(_RETURN, _ALLOW),
    ]  # fmt: skip
    steps += [_only_towards(_KILL[which], own), _only_towards(_TGKILL[which], own)]
    steps += [_only_towards(_PRLIMIT[which], 0, own), _step(_RETURN, _ALLOW)]
    return b"".join(steps)


def install() -> None:
    """Filter the system calls of this thread and all it starts.

    Raises:
        LayerFailed: the kernel refused.
    """
    code = program(platform.machine(), os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    held = ctypes.create_string_buffer(header, len(header))
    checked(prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(held)), "seccomp")
