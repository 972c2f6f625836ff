"""framecast watch, run to its end or until it is told to stop."""

import signal
import subprocess

import harness


def watch(url, *options, **more):
    return harness.run("watch", url, *options, **more)


def assert_complains(done, status, *words):
    assert done.returncode == status, done.stderr
    lines = done.stderr.strip().splitlines()
    assert lines and lines[-1].startswith("framecast: ")
    for word in words:
        assert word in done.stderr


class Watching:
    """A watch that goes on until it is told to stop."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([harness.PROGRAM, "watch", *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def interrupt(self, sign=signal.SIGINT):
        self.process.send_signal(sign)
        out, err = self.process.communicate(timeout=harness.seconds(5))
        assert not harness.SANITIZER_REPORT.search(err), err
        return self.process.returncode, out, err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
