#!/usr/bin/env python3
"""Places calls at ringdown-sim's Twilio as a daemon would, and receives what it calls back.

Usage: calls.py PATH-TO-RINGDOWN-SIM. Needs nothing but the standard library. Ends 0 when every check held.
"""

import base64
import hashlib
import hmac
import http.server
import json
import queue
import sys
import tempfile
import threading
import traceback
import urllib.parse

import smoke
from smoke import Simulator, expect, plain, until

ACCOUNT, TOKEN, FROM = "AC00000000000000000000000000005100", "sim-twilio-token", "+493023125900"
JO = "+493023125000"
smoke.SCENARIO = """
[fleet]
pbxes = 1
[twilio]
ring = "1s"
[[phone]]
number = "+493023125001"
does = "busy"
"""

MENU = ('<?xml version="1.0" encoding="UTF-8"?><Response><Gather input="dtmf" numDigits="1" action="{keys}" '
        'actionOnEmptyResult="true"><Say>Trunk 10001 is down. Press 1.</Say></Gather></Response>')
THANKS = "<Response><Say>Acknowledged</Say><Hangup/></Response>"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers documents and remembers what was posted."""

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = urllib.parse.parse_qsl(body, keep_blank_values=True)
        self.server.seen.put((self.path, dict(form), dict(self.headers.items()), self.genuine(form)))
        status, document = self.server.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document.encode())

    def genuine(self, form):
        text = "http://" + self.headers["Host"] + self.path + "".join(k + v for k, v in sorted(form))
        digest = hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest).decode() == self.headers["X-Twilio-Signature"]

    def log_message(self, *_):
        pass


class Daemon:
    """The callback receiver and the client of the API."""

    def __init__(self, sim):
        self.sim = sim
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.http.seen = queue.Queue()
        self.http.answer = self.document
        self.base = f"http://127.0.0.1:{self.http.server_port}/callbacks/twilio/t1/t1-voice/"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def document(self, path):
        if path.endswith("/script"):
            return (503, "away") if "broken" in path else (200, MENU.format(keys=self.base + "dl_1/keys"))
        return (200, THANKS) if path.endswith("/keys") else (200, "")

    def api(self, method, rest, form=None, token=TOKEN):
        key = base64.b64encode(f"{ACCOUNT}:{token}".encode()).decode()
        status, headers, body = plain(
            self.sim.ready["twilio"], method, f"/2010-04-01/Accounts/{ACCOUNT}/Calls{rest}",
            urllib.parse.urlencode(form, doseq=True) if form else None,
            {"Authorization": "Basic " + key, "Content-Type": "application/x-www-form-urlencoded"})
        return status, headers, json.loads(body)

    def place(self, number=JO, delivery="dl_1", **more):
        return self.api("POST", ".json", {
            "To": number, "From": FROM, "Url": self.base + delivery + "/script", "Timeout": 25,
            "StatusCallback": self.base + delivery + "/status", "MachineDetection": "Enable",
            "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"], **more})

    def events(self, sid):
        return [line for line in self.sim.journal("effects") if line.get("sid") == sid]

    def until(self, sid, kind, count=1):
        until(lambda: sum(line["kind"] == kind for line in self.events(sid)) == count)
        return [line for line in self.events(sid) if line["kind"] == kind][-1]

    def answers(self, sid, count):
        """The requests about one call, once `count` of them have been answered."""
        self.until(sid, "callback_answer", count)
        seen = []
        while not self.http.seen.empty():
            seen.append(self.http.seen.get())
        return [one for one in seen if one[1]["CallSid"] == sid]


def a_call_is_acknowledged_by_a_key(sim, daemon):
    assert f" twilio={sim.ready['twilio']} " in sim.line, sim.line
    sim.do("phone", number=JO, press="1")
    status, _, call = daemon.place()
    assert status == 201 and call["status"] == "queued" and len(call["sid"]) == 34 and "queue_time" in call, call
    seen = daemon.answers(call["sid"], 6)
    assert all(genuine for _, _, _, genuine in seen)
    states = {int(form["SequenceNumber"]): form["CallStatus"] for path, form, _, _ in seen if path.endswith("/status")}
    assert [states[n] for n in sorted(states)] == ["initiated", "ringing", "in-progress", "completed"], states
    keys = [form for path, form, _, _ in seen if path.endswith("/keys")]
    assert [(k["Digits"], k["AnsweredBy"], k["To"]) for k in keys] == [("1", "human", JO)], keys
    lines = daemon.events(call["sid"])
    assert {line["delivery"] for line in lines} == {"dl_1"}
    assert [line["text"] for line in lines if line["kind"] == "call_said"] == [
        "Trunk 10001 is down. Press 1.", "Acknowledged"]
    shown = daemon.api("GET", f"/{call['sid']}.json")[2]
    assert (shown["status"], shown["answered_by"], shown["duration"]) == ("completed", "human", "1"), shown
    sim.do("phone", number=JO)


def phones_differ(sim, daemon):
    sim.do("phone", number="+493023125002", does="no_answer")
    busy, silent = daemon.place("+493023125001")[2]["sid"], daemon.place("+493023125002")[2]["sid"]
    assert daemon.until(busy, "call_ended")["status"] == "busy"
    assert daemon.until(silent, "call_ended")["status"] == "no-answer"


def calls_are_found_and_ended(sim, daemon):
    sid = daemon.place(delivery="dl_2")[2]["sid"]
    start = urllib.parse.urlencode({"To": JO, "StartTime>": "2020-01-01"})
    assert sid in [c["sid"] for c in daemon.api("GET", ".json?" + start)[2]["calls"]]
    daemon.until(sid, "call_answered")
    status, _, body = daemon.api("POST", f"/{sid}.json", {"Status": "canceled"})
    assert (status, body["code"]) == (400, 21220), body
    assert daemon.api("POST", f"/{sid}.json", {"Status": "completed"})[2]["status"] == "completed"
    assert daemon.until(sid, "call_ended")["status"] == "completed"
    sim.do("phone", number=JO, after="900ms")
    sid = daemon.place(delivery="dl_3")[2]["sid"]
    assert daemon.api("POST", f"/{sid}.json", {"Status": "canceled"})[2]["status"] == "canceled"
    assert "call_answered" not in [line["kind"] for line in daemon.events(sid)]
    sim.do("phone", number=JO)


def mistakes_are_refused(_, daemon):
    status, _, body = daemon.api("POST", ".json", {"To": JO}, "wrong")
    assert (status, body["code"], body["status"]) == (401, 20003, 401) and body["more_info"], body
    status, _, body = daemon.place("12345")
    assert (status, body["code"]) == (400, 21211), body


def a_script_that_does_not_come_ends_the_call(_, daemon):
    sid = daemon.place(delivery="broken")[2]["sid"]
    assert daemon.until(sid, "call_ended")["status"] == "completed"
    assert [line["answered"] for line in daemon.events(sid)
            if line["kind"] == "callback_answer" and line["what"] == "document"] == [503]


def the_api_fails_as_told(sim, daemon):
    def placed():
        return [line["sid"] for line in sim.journal("effects") if line["kind"] == "call_placed"]
    before = len(placed())
    sim.do("sink_fault", sink="twilio", mode="status", status=429, count=1)
    status, _, body = daemon.place()
    assert (status, body["code"]) == (429, 20429) and len(placed()) == before, body
    sim.do("sink_fault", sink="twilio", mode="status_after_accept", count=1)
    assert daemon.place()[0] == 500 and len(placed()) == before + 1
    sim.do("sink_fault", sink="twilio", mode="drop_after_accept", count=1)
    expect("RemoteDisconnected", daemon.place)
    assert len(placed()) == before + 2
    for sid in placed()[before:]:
        daemon.until(sid, "call_ended")


def callbacks_go_wrong_as_told(sim, daemon):
    sim.do("sink_fault", sink="twilio", on="status", mode="reversed", match="dl_4")
    sid = daemon.place("+493023125001", "dl_4")[2]["sid"]
    orders = [form["SequenceNumber"] for _, form, _, _ in daemon.answers(sid, 3)]
    assert orders == ["2", "1", "0"], orders
    sim.do("sink_fault", sink="twilio", on="status", mode="forged", match="dl_5", count=1)
    sid = daemon.place("+493023125001", "dl_5")[2]["sid"]
    assert sorted(genuine for _, _, _, genuine in daemon.answers(sid, 4)) == [False, True, True, True]
    sim.do("sink_fault", sink="twilio", on="status", mode="doubled", match="dl_6")
    sid = daemon.place("+493023125001", "dl_6")[2]["sid"]
    tokens = [headers["I-Twilio-Idempotency-Token"] for _, _, headers, _ in daemon.answers(sid, 6)]
    assert len(set(tokens)) == 3, tokens


def a_proxy_may_stand_in_front(sim, daemon):
    address = f"127.0.0.1:{daemon.http.server_port}"
    sim.do("callbacks_to", address=address)
    public = "https://ringdown.example/callbacks/twilio/t1/v/dl_9/status"
    sid = daemon.place("+493023125001", StatusCallback=public)[2]["sid"]
    hosts = {headers["Host"] for _, _, headers, _ in daemon.answers(sid, 3)}
    assert hosts == {"ringdown.example"}, hosts
    sim.do("callbacks_to", address="127.0.0.1:9")
    sid = daemon.place("+493023125001")[2]["sid"]
    lost = daemon.until(sid, "callback_answer", 3)
    assert lost["answered"] == 0 and lost["problem"], lost


def tenants_can_be_called(sim, _):
    with open(sim.ready["tenants"] + "/t1.toml", encoding="utf-8") as file:
        text = file.read()
    assert f'phone = "{JO}"' in text and 'kind = "twilio"' in text and TOKEN not in text, text
    with open(sim.ready["tenants"] + "/secrets/twilio.secret", encoding="utf-8") as file:
        assert file.read() == TOKEN + "\n"


CHECKS = (a_call_is_acknowledged_by_a_key, phones_differ, calls_are_found_and_ended, mistakes_are_refused,
          a_script_that_does_not_come_ends_the_call, the_api_fails_as_told, callbacks_go_wrong_as_told,
          a_proxy_may_stand_in_front, tenants_can_be_called)


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder, Simulator(sys.argv[1], folder) as sim, Daemon(sim) as daemon:
        for check in CHECKS:
            try:
                check(sim, daemon)
            except Exception as error:  # pylint: disable=broad-except
                failed += 1
                place = traceback.extract_tb(error.__traceback__)[1].lineno
                print(f"FAILED {check.__name__}, line {place}: {type(error).__name__}: {error}")
    print(f"simulator calls: {len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
