#!/usr/bin/env python3
"""deploy/ringdown.service: systemd takes every line of it, and finds it closed enough."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

UNIT = pathlib.Path(__file__).resolve().parents[2] / "deploy/ringdown.service"
MOST_EXPOSED = 2.0  # of 10, as `systemd-analyze security` counts


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=30, check=False)


def exposure(text):
    """What systemd says of a unit with this text, and what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "ringdown.service"
        file.write_text(text)
        said = analyze("security", "--offline=true", str(file)).stdout
    return float(re.search(r"Overall exposure level for ringdown.service: ([0-9.]+)", said)[1]), said


def complaints(text):
    """What systemd finds wrong with it; the program need not be installed here."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "ringdown.service"
        file.write_text(text.replace("ExecStart=/usr/local/bin/ringdownd", "ExecStart=/bin/true"))
        done = analyze("verify", "--man=no", str(file))
    return done.returncode, [line for line in (done.stdout + done.stderr).splitlines() if "ringdown.service" in line]


def seconds(text, key):
    return int(re.search(rf"(?m)^{key}=(\d+)$", text)[1])


class Unit(unittest.TestCase):
    def setUp(self):
        self.text = UNIT.read_text()

    def test_it_is_closed_enough(self):
        level, said = exposure(self.text)
        self.assertLessEqual(level, MOST_EXPOSED, said)

    def test_an_open_one_would_be_noticed(self):
        bare = "\n".join(line for line in self.text.splitlines() if not re.match(r"(Protect|Private|System|Capability)", line))
        self.assertGreater(exposure(bare)[0], MOST_EXPOSED)

    def test_every_line_of_it_is_understood(self):
        self.assertEqual(complaints(self.text), (0, []))

    def test_a_line_that_is_not_understood_would_be_noticed(self):
        _, said = complaints(self.text.replace("ProtectClock=yes", "ProtectClok=yes"))
        self.assertTrue(any("ProtectClok" in line for line in said), said)

    def test_a_stop_has_the_time_that_the_daemon_takes(self):
        # 28 s in bin/ringdownd/main.cpp, 30 s in I18.
        self.assertGreater(seconds(self.text, "TimeoutStopSec"), 30)

    def test_what_nobody_but_a_person_can_mend_is_not_started_again(self):
        self.assertIn("RestartPreventExitStatus=78\n", self.text)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("deploy_unit: FAILED: no systemd-analyze" if os.environ.get("CI") else "deploy_unit: skipped (no systemd-analyze)")
        sys.exit(1 if os.environ.get("CI") else 0)
    unittest.main()
