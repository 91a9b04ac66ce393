#!/usr/bin/env python3
"""What the bench counts and says of it, on planted figures and arrivals: no process is started."""

import json
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "scenarios"))
import bench  # noqa: E402 pylint: disable=wrong-import-position
import lasting  # noqa: E402 pylint: disable=wrong-import-position
import telling  # noqa: E402 pylint: disable=wrong-import-position
from figures import Figure, growth, in_turn, table  # noqa: E402 pylint: disable=wrong-import-position
from machine import Unfit  # noqa: E402 pylint: disable=wrong-import-position


def verdict(value, samples, stretch=None):
    return Figure("f", value, goal=("<=", 1.0), stretch=stretch, samples=samples).verdict


class figures_test(unittest.TestCase):
    def test_samples_on_both_sides_of_the_goal_are_noise(self):
        self.assertEqual(verdict(0.9, [0.8, 0.9, 1.1]), "met, within noise")
        self.assertEqual(verdict(1.1, [0.9, 1.1, 1.2]), "MISSED, within noise")
        self.assertEqual(verdict(0.5, [0.4, 0.5, 0.7], ("<=", 0.5)), "stretch, within noise")
        self.assertEqual(verdict(0.5, [0.4, 0.5], ("<=", 0.5)), "stretch")
        self.assertEqual(verdict(0.6, [0.4, 0.6, 0.7], ("<=", 0.5)), "met")
        self.assertEqual(verdict(1.1, [1.05, 1.1]), "MISSED")
        self.assertEqual(verdict(0.9, []), "met")

    def test_single_values_say_nothing_of_a_percentile(self):
        self.assertEqual(Figure("p50", 0.9, goal=("<=", 1.0), singles=[0.1, 0.9, 5.0]).verdict, "met")

    def test_what_was_tried_is_said_of_a_missed_goal_only(self):
        met, missed = (Figure("f", value, goal=("<=", 1.0), tried="a larger page") for value in (0.5, 2.0))
        self.assertNotIn("a larger page", table({"line": [met]}))
        self.assertIn("tried: a larger page", table({"line": [missed]}))

    def test_every_other_pair_begins_with_the_peer(self):
        order = []
        pairs = [in_turn(number, lambda: order.append("ours") or 1, lambda: order.append("theirs") or 2) for number in range(2)]
        self.assertEqual(pairs, [(1, 2), (1, 2)])
        self.assertEqual(order, ["ours", "theirs", "theirs", "ours"])

    def test_growth_is_what_one_more_costs(self):
        first, second, slope = growth("memory", [(10, 120.0), (30, 160.0), (100, 510.0)], "KiB")
        self.assertEqual((first.value, second.value), (2.0, 5.0))
        self.assertGreater(slope.value, 0)
        self.assertEqual(len(list(growth("memory", [(10, 0.0), (30, 1.0), (100, 2.0)], "KiB"))), 2)


class file_test(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile(suffix=".json", delete=False) as file:
            self.path = file.name
        os.remove(self.path)
        self.addCleanup(os.remove, self.path)

    def write(self, results, failed):
        bench.write_json(self.path, results, {name: {"commit": "c"} for name in results}, failed)
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)

    def test_a_failure_stays_until_its_line_has_figures(self):
        self.write({"rss": [Figure("f", 1.0)]}, ["crash"])
        said = self.write({"latency": [Figure("f", 1.0)]}, ["rss"])
        self.assertEqual((list(said["lines"]), said["failed"]), (["latency"], ["crash", "rss"]))
        said = self.write({"crash": [Figure("f", 1.0)]}, ["rss"])
        self.assertEqual((list(said["lines"]), said["failed"]), (["latency", "crash"], ["rss"]))


def hook(pbx, trunk, event, key, kind="trunk_down"):
    body = {"type": f"alert.{event}", "data": {"alert": {"type": kind}, "instance": {"id": pbx}, "resource": {"id": trunk}}}
    return {"kind": "webhook", "key": key, "body": json.dumps(body)}


def push(alert, event, text=""):
    return {"kind": "ntfy", "body": json.dumps({"sequence_id": f"{alert}-1-1", "tags": [event], "message": text})}


class crash_test(unittest.TestCase):
    def setUp(self):
        self.expected = {((pbx, "61"), event) for pbx in ("pbx1", "pbx2") for event in ("fired", "resolved")}
        self.subjects = {"al_1": ("pbx1", "61"), "al_2": ("pbx2", "61"), "al_9": ("pbx9", "61")}
        self.sound = [arrival for pbx in ("1", "2") for event in ("fired", "resolved")
                      for arrival in (hook("pbx" + pbx, "61", event, event + pbx), push("al_" + pbx, event))]

    def figures(self, effects):
        told = lasting.Told()
        told.take(effects)
        return [figure.value for figure in told.figures(self.expected, self.subjects)]

    def test_a_sound_run_has_nothing_to_say(self):
        self.assertEqual(self.figures(self.sound), [0, 0, 0])

    def test_what_nobody_waits_for_makes_up_for_nothing(self):
        others = [hook("pbx9", "61", "fired", "k"), hook("pbx1", "61", "updated", "u"), push("al_9", "fired"), push("al_1", "reminder")]
        self.assertEqual(self.figures(self.sound + others), [0, 0, 0])
        self.assertEqual(self.figures(self.sound[1:] + others), [1, 0, 0])
        self.assertEqual(self.figures(self.sound[:1] + self.sound[2:] + others), [1, 0, 0])

    def test_what_comes_twice_is_doubled_unless_it_has_its_key_or_says_so(self):
        self.assertEqual(self.figures([*self.sound, hook("pbx1", "61", "fired", "fired1")]), [0, 0, 0])
        self.assertEqual(self.figures([*self.sound, hook("pbx1", "61", "fired", "another")]), [0, 1, 0])
        self.assertEqual(self.figures([*self.sound, push("al_1", "fired", "Possible repeat")]), [0, 0, 0])
        self.assertEqual(self.figures([*self.sound, push("al_1", "fired")]), [0, 0, 1])

    def test_the_journal_says_what_is_expected(self):
        state = {"kind": "state", "resource": "trunk", "pbx": "pbx1", "key": "61", "from": "registered", "to": "failed_registration"}
        self.assertEqual(lasting.transitions([state, {**state, "to": "registered"}, {"kind": "poll"}]),
                         {(("pbx1", "61"), "fired"), (("pbx1", "61"), "resolved")})


class stall_test(unittest.TestCase):
    def test_a_failure_is_confirmed_by_the_first_body_that_is_old_enough(self):
        polls = [{"kind": "poll", "endpoint": "Trunks", "status": 200, "pbx": "pbx1", "at": at} for at in (9.9, 10.5, 10.7, 10.8, 11.5)]
        fault = {"kind": "state", "resource": "trunk", "pbx": "pbx1", "key": "61", "from": "registered", "at": 10.0}
        [took] = telling.latencies([{**hook("pbx1", "61", "fired", "k"), "at": 10.81}], [*polls, fault])
        self.assertAlmostEqual(took, 0.01)
        with self.assertRaises(Unfit):
            telling.latencies([{**hook("pbx1", "61", "fired", "k"), "at": 10.75}], [*polls, fault])


if __name__ == "__main__":
    unittest.main()
