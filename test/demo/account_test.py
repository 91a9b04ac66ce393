#!/usr/bin/env python3
"""The demo's account finds what it promises to find: each test plants one fault in a sound run."""

import copy
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bin", "demo"))
from account import doubled, doubled_calls, lost, lost_calls, unheard, wrongly_told  # noqa: E402

PLAYED = {"pbx03", "pbx17"}


def row(number, channel, event, alert="al_1", version=1, **more):
    return {"id": f"dl_{number}", "tenant": "t1", "channel": channel, "event": event, "alert": alert, "episode": 1,
            "version": version, "target": "", "step": 0, "round": 0, "state": "sent", **more}


def push(alert, event, title="Trunk down at Old Mill", sequence=None):
    body = {"tags": ["rotating_light", event, "critical"], "title": title}
    return {"kind": "ntfy", "topic": "t1-oncall", "key": sequence or f"{alert}-1-1", "title": title, "answered": 200,
            "body": json.dumps(body)}


def hook(number, instance="pbx03"):
    body = {"type": "alert.fired", "data": {"title": "Trunk down", "instance": {"id": instance}}}
    return {"kind": "webhook", "path": "/t1", "key": f"dl_{number}", "answered": 200, "body": json.dumps(body)}


def call(number, kind, **more):
    return {"kind": "call_" + kind, "delivery": f"dl_{number}", "number": "+493023125001", **more}


def state(pbx, resource, key, to, before="registered"):
    return {"kind": "state", "pbx": pbx, "resource": resource, "key": key, "from": before, "to": to,
            "at": "2026-11-24T10:00:00Z"}


def alert(name, instance, kind, key):
    return {"id": name, "instance": instance, "resource": {"kind": kind, "id": key}}


class account_test(unittest.TestCase):
    def setUp(self):
        self.rows = [row(1, "t1-push", "fired"), row(2, "t1-hook", "fired"),
                     row(3, "t1-push", "resolved"), row(4, "t1-hook", "resolved"),
                     row(5, "t1-push", "fired", "al_2"), row(6, "t1-hook", "fired", "al_2")]
        self.effects = [push("al_1", "fired"), hook(2), push("al_1", "resolved"), hook(4),
                        push("al_2", "fired"), hook(6)]
        self.alerts = [alert("al_1", "pbx03", "trunk", "62"), alert("al_2", "pbx17", "instance", "")]
        self.truth = [state("pbx03", "trunk", "62", "registered", None),
                      state("pbx03", "trunk", "62", "failed_registration"),
                      state("pbx17", "instance", "", "down", "up"), state("pbx21", "trunk", "61", "unregistered"),
                      {"kind": "poll", "pbx": "pbx03", "endpoint": "Trunks", "status": 200}]

    def rings(self):
        """The SBC of pbx08: a call that says it and is acknowledged."""
        self.rows.append(row(8, "t2-voice", "fired", "al_3", state="confirmed"))
        self.alerts.append({**alert("al_3", "pbx08", "sbc", "11000"), "acknowledged": {"by": "t2-tech", "via": "phone"}})
        self.effects += [call(8, kind) for kind in ("placed", "ringing", "answered", "said", "digits", "ended")]

    def of_calls(self):
        return (lost_calls(self.rows, self.effects), doubled_calls(self.rows, self.effects),
                unheard(self.alerts, self.rows, self.effects, "pbx08"))

    def lost(self):
        return lost(self.rows, self.alerts, self.effects, self.truth, PLAYED)

    def doubled(self):
        return doubled(self.rows, self.effects)

    def told(self):
        return wrongly_told(self.alerts, self.effects, "pbx21", "Willow Care")

    def test_a_sound_run_has_no_fault(self):
        self.assertEqual((self.lost(), self.doubled(), self.told()), ([], [], []))

    def test_a_missing_push_is_lost(self):
        del self.effects[2]
        self.assertEqual((len(self.lost()), self.doubled()), (1, []))

    def test_an_extra_push_is_doubled(self):
        self.effects.append(push("al_1", "fired"))
        self.assertEqual((self.lost(), len(self.doubled())), ([], 1))

    def test_a_missing_and_an_extra_push_do_not_cancel(self):
        self.effects[2] = push("al_1", "fired")
        self.assertEqual((len(self.lost()), len(self.doubled())), (1, 1))

    def test_a_second_fire_is_owed_a_push_of_its_own(self):
        self.rows.append(row(7, "t1-push", "fired", version=2))
        self.effects.append(push("al_1", "fired"))
        self.assertEqual((len(self.lost()), len(self.doubled())), (1, 1))
        self.effects[-1] = push("al_1", "fired", sequence="al_1-1-2")
        self.assertEqual((self.lost(), self.doubled()), ([], []))

    def test_a_phone_may_number_by_episode_or_by_row(self):
        self.rows += [row(7, "t1-push", "reminder"), row(8, "t1-push", "updated")]
        self.rows.append(row(9, "t1-push", "updated", version=2))
        self.effects += [push("al_1", "reminder", sequence="dl_7"), push("al_1", "updated", sequence="al_1-1")]
        self.assertEqual((len(self.lost()), self.doubled()), (1, []))
        self.effects.append(push("al_1", "updated", sequence="al_1-1"))
        self.assertEqual((self.lost(), self.doubled()), ([], []))

    def test_a_missing_webhook_is_lost_and_a_repeated_key_is_doubled(self):
        self.effects[3] = hook(2)
        self.assertEqual((len(self.lost()), len(self.doubled())), (1, 1))

    def test_what_the_receiver_refused_has_not_arrived(self):
        self.effects[0]["answered"] = 503
        self.effects[1]["answered"] = 0
        self.assertEqual(len(self.lost()), 2)

    def test_a_row_that_did_not_end_well_is_lost(self):
        for bad in ("pending", "claimed", "dead", "unknown"):
            self.rows[0] = row(1, "t1-push", "fired", state=bad)
            self.assertTrue(any(bad in fault for fault in self.lost()), bad)

    def test_two_rows_for_one_intent_are_doubled_even_if_one_is_suppressed(self):
        self.rows.append(row(7, "t1-push", "fired", state="suppressed"))
        self.assertEqual(len(self.doubled()), 1)

    def test_an_outage_without_an_alert_is_lost(self):
        self.truth.append(state("pbx03", "sbc", "11000", "down", "up"))
        self.assertEqual(len(self.lost()), 1)

    def test_an_outage_whose_alert_was_told_to_nobody_is_lost(self):
        self.rows, self.effects = self.rows[:4], self.effects[:4]
        self.assertEqual(len(self.lost()), 1)

    def test_a_sound_call_has_no_fault_and_is_no_message(self):
        self.rings()
        self.assertEqual(self.of_calls(), ([], [], []))
        self.assertEqual((self.lost(), self.doubled(), self.told()), ([], [], []))

    def test_a_call_that_was_not_placed_is_lost(self):
        self.rings()
        self.effects = [line for line in self.effects if line["kind"] != "call_placed"]
        self.assertEqual([len(found) for found in self.of_calls()], [1, 0, 0])

    def test_a_second_call_for_one_row_and_one_for_nobody_are_doubled(self):
        self.rings()
        self.effects += [call(8, "placed"), call(77, "placed")]
        self.assertEqual([len(found) for found in self.of_calls()], [0, 2, 0])

    def test_a_phone_that_did_not_ring_say_or_acknowledge_is_found(self):
        for missing in ("ringing", "said", "digits"):
            self.setUp()
            self.rings()
            self.effects = [line for line in self.effects if line["kind"] != "call_" + missing]
            self.assertEqual(len(self.of_calls()[2]), 1, missing)
        self.setUp()
        self.rings()
        self.alerts[-1]["acknowledged"] = {"by": "jo", "via": "api"}
        self.assertEqual(len(self.of_calls()[2]), 1)
        del self.alerts[-1]
        self.assertEqual(len(self.of_calls()[2]), 4)

    def test_a_call_that_names_the_quiet_pbx_is_found(self):
        self.effects.append(call(8, "said", text="There is a trunk down on instance Willow Care 2 PBX."))
        self.assertEqual(len(self.told()), 1)

    def test_any_message_about_the_quiet_pbx_is_found(self):
        sound = copy.deepcopy(self.effects)
        self.alerts.append(alert("al_9", "pbx21", "trunk", "61"))
        summary = push("al_8", "summary", "2 problems at Willow Care 2 PBX")
        for bad in (hook(9, "pbx21"), push("al_9", "fired"), summary):
            self.effects = sound + [bad]
            self.assertEqual(len(self.told()), 1, bad)


if __name__ == "__main__":
    unittest.main()
