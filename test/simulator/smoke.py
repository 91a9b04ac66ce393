#!/usr/bin/env python3
"""Starts ringdown-sim on free ports and talks to it as a poller, a sender and an operator would.

Usage: smoke.py PATH-TO-RINGDOWN-SIM. Needs nothing but the standard library. Ends 0 when every check held.
"""

import http.client
import json
import os
import select
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

SCENARIO = """
[fleet]
tenants = 2
pbxes = 14
trunks_per_pbx = 3
bridges_per_pbx = 1
token_life = "60s"

[[pbx]]
id = "pbx03"
version = "20.0.5.100"

[run]
start = "told"

[[event]]
at = "0s"
do = "trunk_down"
pbx = "pbx05"
trunk = "10001"
reason = "silent"
for = "200ms"
"""


class Simulator:
    """The process under test; `with` ends it."""

    def __init__(self, program, folder):
        self.folder = folder
        path = os.path.join(folder, "scenario.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(SCENARIO)
        self.process = subprocess.Popen(
            [program, "--scenario", path, "--control", "127.0.0.1:0", "--journal", folder],
            stdout=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline().strip()
        with open(os.path.join(folder, "ready.json"), encoding="utf-8") as file:
            self.ready = json.load(file)
        self.trust = ssl.create_default_context(cafile=self.ready["ca"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def control(self, method, path, body=None):
        return plain("http://" + self.ready["control"], method, path, body)

    def do(self, verb, **keys):
        status, _, body = self.control("POST", "/do", json.dumps({"do": verb, **keys}))
        assert status == 200, (verb, status, body)
        return json.loads(body)

    def connect(self, pbx, timeout=3):
        raw = socket.create_connection((f"127.1.0.{pbx}", self.ready["pbx_port"]), timeout=timeout)
        return self.trust.wrap_socket(raw, server_hostname=f"pbx{pbx:02}.pbx.test")

    def pbx(self, pbx, method, path, body=None, headers=None, timeout=3):
        connection = http.client.HTTPConnection("ignored")
        connection.sock = self.connect(pbx, timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def token(self, pbx, secret=None):
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": "900",
                                       "client_secret": secret or f"sim-secret-pbx{pbx:02}"})
        status, _, body = self.pbx(pbx, "POST", "/connect/token", form,
                                   {"Content-Type": "application/x-www-form-urlencoded"})
        return status, json.loads(body)

    def get(self, pbx, path, token=None):
        if token is None:
            token = self.token(pbx)[1]["access_token"]
        return self.pbx(pbx, "GET", path, headers={"Authorization": "Bearer " + token})

    def journal(self, name):
        with open(os.path.join(self.folder, name + ".jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]


def plain(base, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def refused(act):
    """What kind of error `act` ends with."""
    try:
        act()
    except Exception as error:  # pylint: disable=broad-except
        return type(error).__name__
    return "no error"


def expect(kinds, act):
    found = refused(act)
    assert found in kinds.split(), f"{found} instead of {kinds}"


def until(check, seconds=5.0):
    """Asks again until it holds or the time is over."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "did not happen in time"
        select.select([], [], [], 0.02)


def ready_line_names_everything(sim):
    assert sim.line.startswith("ready control=127.0.0.1:"), sim.line
    for word in ("pbx_port=", "ntfy=http://", "webhook=http://", "smtp=127.0.0.1:", "twilio=http://", "ca=/"):
        assert word in sim.line, sim.line


def a_token_opens_the_four_collections(sim):
    status, body = sim.token(1)
    assert status == 200 and body["token_type"] == "Bearer" and body["expires_in"] == 60, body
    for path in ("Trunks", "Sbcs", "SystemStatus", "Services"):
        status, headers, body = sim.get(1, "/xapi/v1/" + path)
        assert status == 200 and headers["Content-Type"].startswith("application/json"), (path, status)
        assert json.loads(body)["@odata.context"].endswith("#" + path)


def multipart_credentials_are_read(sim):
    fields = {"grant_type": "client_credentials", "client_id": "900", "client_secret": "sim-secret-pbx01"}
    body = "".join(f'--xyz\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
    status, _, _ = sim.pbx(1, "POST", "/connect/token", body + "--xyz--\r\n",
                           {"Content-Type": "multipart/form-data; boundary=xyz"})
    assert status == 200


def a_new_token_ends_the_old_one(sim):
    first = sim.token(1)[1]["access_token"]
    second = sim.token(1)[1]["access_token"]
    assert sim.get(1, "/xapi/v1/Trunks", first)[0] == 401
    assert sim.get(1, "/xapi/v1/Trunks", second)[0] == 200
    sim.do("token_revoke", pbx="pbx01")
    assert sim.get(1, "/xapi/v1/Trunks", second)[0] == 401


def queries_are_honoured(sim):
    _, _, body = sim.get(1, "/xapi/v1/Trunks?$select=Id,IsOnline&$top=2&$skip=1&$count=true")
    found = json.loads(body)
    assert found["@odata.count"] == 4 and [set(i) for i in found["value"]] == [{"Id", "IsOnline"}] * 2, found
    status, _, body = sim.get(1, "/xapi/v1/Trunks?$top=500")
    assert status == 400 and "limit of '100'" in json.loads(body)["error"]["message"]
    assert sim.get(1, "/xapi/v1/Trunks?$select=Nonsense")[0] == 400
    assert sim.get(1, "/xapi/v1/Nowhere")[0] == 404


def an_old_build_lacks_what_came_later(sim):
    assert "TrunkRegTimes" not in json.loads(sim.get(3, "/xapi/v1/Trunks")[2])["value"][0]
    assert "Connection" not in json.loads(sim.get(3, "/xapi/v1/Sbcs")[2])["value"][0]


def three_wrong_logins_are_followed_by_silence(sim):
    for _ in range(3):
        status, body = sim.token(2, "wrong")
        assert status == 400 and body["error"] == "invalid_client", body
    expect("TimeoutError timeout", lambda: sim.connect(2, 1))
    sim.do("unblock", pbx="pbx02")
    assert sim.token(2)[0] == 200


def the_timeline_plays_when_told(sim):
    sim.do("start")
    sought = {"pbx": "pbx05", "resource": "trunk", "key": "62"}

    def states():
        lines = [line for line in sim.journal("truth") if line["kind"] == "state"]
        return [line["to"] for line in lines if sought.items() <= line.items()]
    until(lambda: states() == ["registered", "failed_registration", "registered"])


def spoilt_answers_are_spoilt(sim):
    token = sim.token(6)[1]["access_token"]
    path = "/xapi/v1/Trunks"
    for verb, status in (("pbx_500", 500), ("pbx_502", 502), ("pbx_403", 403), ("pbx_404", 404)):
        sim.do(verb, pbx="pbx06", endpoint="Trunks", count=1)
        assert sim.get(6, path, token)[0] == status, verb
    sim.do("pbx_503", pbx="pbx06", count=1, retry_after=7)
    status, headers, _ = sim.get(6, path, token)
    assert status == 503 and headers["Retry-After"] == "7"
    sim.do("pbx_html", pbx="pbx06", count=1)
    assert sim.get(6, path, token)[1]["Content-Type"] == "text/html"
    sim.do("pbx_truncated", pbx="pbx06", count=1)
    expect("IncompleteRead", lambda: sim.get(6, path, token))
    sim.do("pbx_reset", pbx="pbx06", count=1)
    expect("ConnectionResetError RemoteDisconnected", lambda: sim.get(6, path, token))
    sim.do("pbx_hang", pbx="pbx06", count=1)
    # The handshake counts too.
    expect("TimeoutError timeout", lambda: sim.pbx(6, "GET", path, timeout=2))
    sim.do("pbx_bad_json", pbx="pbx06", count=1)
    expect("JSONDecodeError", lambda: json.loads(sim.get(6, path, token)[2]))
    sim.do("pbx_deep", pbx="pbx06", count=1)
    assert sim.get(6, path, token)[2].count(b"[") == 200001
    sim.do("pbx_huge", pbx="pbx06", count=1)
    assert len(sim.get(6, path, token)[2]) > 60 << 20
    sim.do("null_field", pbx="pbx06", endpoint="Trunks", field="Gateway.Type", item=1)
    trunks = json.loads(sim.get(6, path, token)[2])["value"]
    assert trunks[0]["Gateway"]["Type"] == "Provider" and trunks[1]["Gateway"]["Type"] is None
    sim.do("raw_body", pbx="pbx06", endpoint="Trunks", body="{\"value\":[17]}")
    assert sim.get(6, path, token)[2] == b"{\"value\":[17]}"
    sim.do("pbx_up", pbx="pbx06")
    assert len(json.loads(sim.get(6, path, token)[2])["value"]) == 4


def doors_close_and_open(sim):
    sim.do("pbx_down", pbx="pbx07")
    expect("ConnectionRefusedError", lambda: sim.connect(7))
    sim.do("pbx_up", pbx="pbx07")
    assert sim.token(7)[0] == 200
    sim.do("pbx_silent", pbx="pbx07")
    expect("TimeoutError timeout", lambda: sim.connect(7, 1))
    sim.do("pbx_up", pbx="pbx07")
    assert sim.token(7)[0] == 200


def certificates_go_wrong(sim):
    for verb, word in (("cert_expired", "expired"), ("cert_name", "mismatch"), ("cert_self_signed", "self"),
                       ("cert_untrusted", "unable to get")):
        sim.do(verb, pbx="pbx08")
        try:
            sim.connect(8)
        except ssl.SSLCertVerificationError as error:
            assert word in str(error), (verb, error)
        else:
            raise AssertionError(verb)
    sim.do("cert_ok", pbx="pbx08")
    good = sim.connect(8).getpeercert(True)
    sim.do("cert_key", pbx="pbx08")
    assert sim.connect(8).getpeercert(True) != good


def an_update_ends_with_a_new_version(sim):
    version = json.loads(sim.get(9, "/xapi/v1/SystemStatus")[2])["Version"]
    sim.do("pbx_update", pbx="pbx09", settle="150ms", **{"for": "2s"})
    assert sim.pbx(9, "GET", "/xapi/v1/Trunks")[0] == 502

    def states():
        pbx = next(p for p in json.loads(sim.control("GET", "/truth")[2])["pbxes"] if p["pbx"] == "pbx09")
        return pbx["version"], pbx["state"], pbx["resources"][0]["state"]
    until(lambda: states()[0] != version)
    until(lambda: states()[1:] == ("up", "registered"))


def other_states_show(sim):
    sim.do("sbc_down", pbx="pbx10")
    sim.do("service_down", pbx="pbx10", service="3CXQueueManager01")
    sim.do("calls", pbx="pbx10", value=15)
    sbc = json.loads(sim.get(10, "/xapi/v1/Sbcs")[2])["value"][0]
    assert sbc["HasConnection"] is False and sbc["Connection"]["Up"] is False
    services = json.loads(sim.get(10, "/xapi/v1/Services?$select=Name,Status")[2])["value"]
    assert [s["Name"] for s in services if s["Status"] != "Running"] == ["3CXQueueManager01"]
    status = json.loads(sim.get(10, "/xapi/v1/SystemStatus?$select=CallsActive,HasNotRunningServices")[2])
    assert status["CallsActive"] == 15 and status["HasNotRunningServices"] is True


def ntfy_takes_both_forms(sim):
    status, _, body = plain(sim.ready["ntfy"], "POST", "/",
                            json.dumps({"topic": "t1-oncall", "title": "T", "message": "trunk down", "priority": 5,
                                        "actions": [{"action": "view"}], "sequence_id": "k1"}))
    reply = json.loads(body)
    assert status == 200 and len(reply["id"]) == 12 and reply["topic"] == "t1-oncall", body
    assert plain(sim.ready["ntfy"], "POST", "/t2-oncall", "hello", {"Title": "x"})[0] == 200
    assert plain(sim.ready["ntfy"], "POST", "/no%20topic", "hello")[0] == 400
    assert plain(sim.ready["ntfy"], "POST", "/", "{")[0] == 400
    first = next(line for line in sim.journal("effects") if line["kind"] == "ntfy")
    assert (first["topic"], first["key"], first["answered"]) == ("t1-oncall", "k1", 200), first


def receivers_fail_as_told(sim):
    hook = sim.ready["webhook"]
    sign = {"webhook-id": "dl_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
    assert plain(hook, "POST", "/t1", "{}", sign)[0] == 200
    sim.do("sink_fault", sink="webhook", mode="status", status=429, retry_after=3, count=1)
    assert plain(hook, "POST", "/t1", "{}", sign)[0] == 429
    sim.do("sink_fault", sink="webhook", mode="drop_after_accept", match="/t1", count=1)
    expect("RemoteDisconnected", lambda: plain(hook, "POST", "/t1", "{}", sign))
    assert plain(hook, "POST", "/t1", "{}", sign)[0] == 200
    lines = [line for line in sim.journal("effects") if line["kind"] == "webhook"]
    assert [line["answered"] for line in lines] == [200, 429, 0, 200], lines
    assert {line["key"] for line in lines} == {"dl_1"} and lines[0]["headers"]["webhook-signature"] == "v1,x"


def the_mail_server_takes_and_loses_mails(sim):
    host, port = sim.ready["smtp"].split(":")
    mail = "Subject: =?utf-8?q?St=C3=B6rung?=\r\nMessage-ID: <m1@x>\r\n\r\n.\r\nhello\r\n"

    def send(password="sim-mail-secret"):
        with smtplib.SMTP(host, int(port), timeout=5) as link:
            link.login("ringdown", password)
            link.sendmail("a@x.test", ["tech@t1.sim.test"], mail)
    send()
    sim.do("sink_fault", sink="smtp", mode="drop_after_accept", count=1)
    expect("SMTPServerDisconnected", send)
    sim.do("sink_fault", sink="smtp", mode="status", status=550, count=1)
    expect("SMTPDataError", send)
    expect("SMTPAuthenticationError", lambda: send("wrong"))
    lines = [line for line in sim.journal("effects") if line["kind"] == "smtp"]
    assert [line["answered"] for line in lines] == [250, 0, 550], lines
    assert {(line["key"], line["subject"], line["to"]) for line in lines} == {("<m1@x>", "Störung", "tech@t1.sim.test")}, lines
    assert lines[0]["text"].splitlines() == [".", "hello"], lines[0]


def a_receiver_kills_after_recording(sim):
    with subprocess.Popen(["sleep", "60"]) as victim:
        path = os.path.join(sim.folder, "victim.pid")
        with open(path, "w", encoding="utf-8") as file:
            file.write(str(victim.pid))
        sim.do("on_effect", sink="webhook", match="/kill", nth=2, action="kill", pid_file=path)
        plain(sim.ready["webhook"], "POST", "/kill", "1")
        assert victim.poll() is None
        plain(sim.ready["webhook"], "POST", "/kill", "2")
        assert victim.wait(5) == -signal.SIGKILL


def mistakes_are_named(sim):
    status, _, body = sim.control("POST", "/do", "do=trunk_down&trnk=1")
    assert status == 400 and "trnk" in body
    assert sim.control("POST", "/do", "do=trunk_down&pbx=nobody")[0] == 404
    assert sim.control("GET", "/nonsense")[0] == 404
    assert json.loads(sim.control("GET", "/state")[2])["polls"] > 10


def quitting_ends_it(sim):
    assert sim.control("POST", "/quit")[0] == 200
    assert sim.process.wait(5) == 0


CHECKS = (ready_line_names_everything, a_token_opens_the_four_collections, multipart_credentials_are_read,
          a_new_token_ends_the_old_one, queries_are_honoured, an_old_build_lacks_what_came_later,
          three_wrong_logins_are_followed_by_silence, the_timeline_plays_when_told, spoilt_answers_are_spoilt,
          doors_close_and_open, certificates_go_wrong, an_update_ends_with_a_new_version, other_states_show,
          ntfy_takes_both_forms, receivers_fail_as_told, the_mail_server_takes_and_loses_mails, a_receiver_kills_after_recording, mistakes_are_named,
          quitting_ends_it)


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder, Simulator(sys.argv[1], folder) as sim:
        for check in CHECKS:
            try:
                check(sim)
            except Exception as error:  # pylint: disable=broad-except
                failed += 1
                place = traceback.extract_tb(error.__traceback__)[1].lineno
                print(f"FAILED {check.__name__}, line {place}: {type(error).__name__}: {error}")
    print(f"simulator smoke: {len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
