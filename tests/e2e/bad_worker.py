#!/usr/bin/python3
"""A worker that answers two pictures of three, and then misbehaves:  bad_worker.py HOW

It speaks the protocol by itself, without the helper, so that it is also a second reading of it.
"""

import ctypes
import json
import mmap
import os
import signal
import sys
import time

import numpy

HOW = sys.argv[1]
MARK, BITS = 8, 32  # as harness.make_jpeg() draws the number of a picture


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def hang():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1000)


def rubbish():
    print("Loading model... done", flush=True)
    hang()


def long_line():
    for _ in range(100):
        os.write(1, b"x" * 1_000_000)
    hang()


def close():
    os.close(1)
    hang()


def write_pictures(fd, size):
    """Every way that comes to mind to change what others see; says which were refused, and goes on."""
    refused = []
    for name, attempt in {
        "map": lambda: mmap.mmap(fd, size),
        "write": lambda: os.pwrite(fd, b"x", 0),
        "cut": lambda: os.ftruncate(fd, 0),
        "reopen": lambda: mmap.mmap(os.open(f"/proc/self/fd/{fd}", os.O_RDWR), size),
    }.items():
        try:
            attempt()
        except (PermissionError, OSError):
            refused.append(name)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    address = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    if libc.mprotect(address, 4096, mmap.PROT_READ | mmap.PROT_WRITE) != 0:
        refused.append("unprotect")
    print("refused:", *refused, file=sys.stderr, flush=True)
    ctypes.memset(address, 255, 4096)  # the end of this process


def number_in(memory, about):
    """What harness.make_jpeg() drew."""
    pixels = numpy.frombuffer(memory, numpy.uint8, about["size"], about["offset"])
    pixels = pixels.reshape(about["height"], about["width"])
    row = pixels[MARK, MARK // 2:BITS * MARK:MARK]
    return sum(1 << bit for bit, value in enumerate(row) if value > 127)


def read_numbers(memory, abouts, count):
    """Slow, with a crash at times; the last picture is answered first."""
    time.sleep(0.001 * (abouts[0]["seq"] % 40))
    if count % 25 == 0:
        crash()
    for about in reversed(abouts):
        say({"seq": about["seq"], "data": {"number": number_in(memory, about), "pid": os.getpid(),
                                           "batch": len(abouts)}})


def main():
    hello = json.loads(sys.stdin.readline())
    fd, size = hello["shm_fd"], hello["shm_size"]
    memory = mmap.mmap(fd, size, prot=mmap.PROT_READ)
    say({"ready": True, "name": f"bad-{HOW}", "format": "gray8", "batch": 4 if HOW == "numbers" else 1})
    for count, line in enumerate(sys.stdin, 1):
        about = json.loads(line)
        if HOW.startswith("number"):
            read_numbers(memory, about.get("batch", [about]), count)
            continue
        if count % 3 == 0 and HOW == "write":
            write_pictures(fd, size)
        elif count % 3 == 0:
            globals()[HOW]()
        say({"seq": about["seq"], "data": {"pid": os.getpid()}})


main()
