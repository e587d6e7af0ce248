"""Runs a kernel under a limit of memory: python limited.py MEBIBYTES COMMAND...

Its memory is that of all processes that it has started. Where they take more, they are killed, and this exits with 137;
otherwise it ends as the kernel does. On Linux only, whose /proc and prctl it needs.
"""

import ctypes
import os
import signal
import sys
import time

EXCEEDED = 137
LOOK_SECONDS = 0.1
# To look for new processes means to look at all that there are.
COUNT_SECONDS = 1.0
PAGE = os.sysconf("SC_PAGE_SIZE")
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
prctl = ctypes.CDLL(None, use_errno=True).prctl


def main():
    limit, command = int(sys.argv[1]) * 1024 * 1024, sys.argv[2:]
    parent = os.getppid()
    # Who started us interrupts the whole group, which is meant for the kernel.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    # What the kernel leaves behind stays ours, and we end with whoever started us.
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)
    kernel = os.fork()
    if kernel == 0:
        start(command)
    watch(kernel, limit)


def start(command):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # A kernel that watches its parent is to watch us.
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        os._exit(127)


def watch(kernel, limit):
    processes, counted = [kernel], 0.0
    while True:
        signal.sigtimedwait([signal.SIGCHLD], LOOK_SECONDS)
        end_like(kernel)
        if time.monotonic() - counted > COUNT_SECONDS:
            processes, counted = descendants(os.getpid()), time.monotonic()
        # What several processes share counts for each of them at first: only then it is worth to look closely.
        if sum(map(resident, processes)) > limit and sum(map(own_share, processes)) > limit:
            for process in [kernel, *descendants(os.getpid())]:
                kill(process)
            print(f"The kernel took more than {limit >> 20} MiB of memory, its limit: it is ended.", file=sys.stderr)
            sys.stderr.flush()
            os._exit(EXCEEDED)


def end_like(kernel):
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            os._exit(1)
        if process == 0:
            return
        if process != kernel:
            continue
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            os._exit(code)
        # No core of ours, where the kernel has left one.
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)


def descendants(root):
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        stat = read(f"/proc/{name}/stat")
        # The name of the program stands in parentheses and may hold anything.
        fields = stat[stat.rfind(")") + 2 :].split()
        if len(fields) > 1:
            children.setdefault(int(fields[1]), []).append(int(name))
    found, open_ = [], [root]
    while open_:
        for child in children.get(open_.pop(), []):
            found.append(child)
            open_.append(child)
    return found


def resident(process):
    fields = read(f"/proc/{process}/statm").split()
    return int(fields[1]) * PAGE if len(fields) > 1 else 0


def own_share(process):
    for line in read(f"/proc/{process}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return resident(process)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    main()
