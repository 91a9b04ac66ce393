"""What the tests of ringdownctl as a process share: the program, and a fake daemon for each test."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from fake_daemon import TOKEN, FakeDaemon

# The first argument of every test program here.
PROGRAM = sys.argv.pop(1)


def one_list(*items, following=None):
    return {"items": list(items), "next": following}


class Cli(unittest.TestCase):
    def setUp(self):
        self.daemon = FakeDaemon()
        self.addCleanup(self.daemon.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "token").write_text(TOKEN + "\n")

    def run_ctl(self, *words, where=True, variables=None):
        env = {"PATH": os.environ["PATH"], "USER": "jo", **(variables or {})}
        place = ["--url", self.daemon.url, "--token-file", str(self.folder / "token")] if where else []
        done = subprocess.run([PROGRAM, *words, *place], capture_output=True, text=True, env=env, timeout=60, check=False)
        self.assertNotIn(TOKEN, done.stdout + done.stderr)
        return done

    def expect(self, code, *words, **more):
        done = self.run_ctl(*words, **more)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stdout + done.stderr
