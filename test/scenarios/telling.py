"""Who is told what, and how often, while receivers hang, lose answers and kill."""

import os
import time

from harness import content, event_of, request, wait_for
from steps import SMALL, begin, both_told, expect, is_flagged, push_delays, quiet, wait_polls


def thirty_equal_polls_are_one_message():
    """A trunk that stays down for 30 polls is told once per channel, and its recovery once."""
    with begin(SMALL, 2, interval="100ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the push", lambda: world.effects("ntfy", "fired"))
        wait_polls(world, "pbx01", 30)
        for kind in ("ntfy", "webhook"):
            expect(len(world.effects(kind, "fired")) == 1, f"{kind}: told {len(world.effects(kind, 'fired'))} times")
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        wait_for("the recovery", lambda: both_told(world, event="resolved"))
        wait_polls(world, "pbx01", 10)
        quiet(world)
        expect(len(world.effects()) == 4, f"{len(world.effects())} messages instead of 4")


def restart_in_mid_outage_repeats_nothing():
    """A daemon killed and started again while a trunk is down says nothing, and resolves it when it recovers."""
    with begin(SMALL, 2, interval="200ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("both told", lambda: both_told(world))
        quiet(world)
        for end in (world.kill, world.terminate):
            end()
            took = world.start()
            expect(took <= 5, f"start took {took:.1f} s")
            wait_polls(world, "pbx01", 8)
            expect(len(world.effects()) == 2, f"a restart made {len(world.effects()) - 2} more messages")
        world.kill()
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        world.start()
        wait_for("the recovery", lambda: both_told(world, event="resolved"))
        quiet(world)
        expect(len(world.effects()) == 4, f"{len(world.effects())} messages instead of 4")


def hanging_webhook_leaves_push_alone():
    """With the webhook receiver hanging, every push still arrives within 2 s of its transition's commit (I6)."""
    with begin("[fleet]\ntenants = 1\npbxes = 20\ntrunks_per_pbx = 3\nsbcs_per_pbx = 1\n", 20, interval="500ms") as world:
        world.do("sink_fault", sink="webhook", mode="hang")
        world.do("sbc_down", pbx="pbx*", sbc="11000")
        wait_for("twenty pushes", lambda: len(world.effects("ntfy", "fired")) >= 20, 30)
        delays = push_delays(world)
        expect(len(delays) == 20, f"only {len(delays)} of 20 alerts were pushed")
        expect(max(delays.values()) <= 2, f"a push took {max(delays.values()):.2f} s")
        world.do("sink_ok", sink="webhook")
        quiet(world)
        expect(len({line["key"] for line in world.effects("webhook", "fired")}) == 20, "not every webhook arrived in the end")


def expect_one_repeat(world, kind):
    """`kind` lost an answer: the webhook came again under its key, the push at most twice and then marked."""
    quiet(world)
    hooks = {line["key"] for line in world.effects("webhook", "fired")}
    expect(len(hooks) == 1, f"{len(hooks)} webhook keys for one event")
    pushes = world.effects("ntfy", "fired")
    expect(not is_flagged(pushes[0]), "the first push calls itself a repeat")
    if kind == "ntfy":
        expect(len(pushes) == 2 and is_flagged(pushes[1]), f"{len(pushes)} pushes, and the last does not say that it may be a repeat")
    else:
        expect(len(pushes) == 1, f"{len(pushes)} pushes although only the webhook's answer was lost")


def receiver_kills_before_answering():
    """A receiver that records and then kills the daemon: the webhook comes again under the same key, the critical push at
    most once more and marked as a possible repeat."""
    for kind in ("webhook", "ntfy"):
        with begin(SMALL, 2, interval="200ms") as world:
            other = "ntfy" if kind == "webhook" else "webhook"
            world.do("on_effect", sink=kind, action="kill", pid_file=os.path.join(world.folder, "pid"))
            world.do("trunk_down", pbx="pbx01", trunk="10000")
            expect(world.died(20) == -9, "the daemon was not killed")
            world.start()
            wait_for("both told", lambda: len(world.effects(kind, "fired")) >= 2 and world.effects(other, "fired"), 30)
            quiet(world)
            hooks = {line["key"] for line in world.effects("webhook", "fired")}
            expect(len(hooks) == 1, f"{len(hooks)} webhook keys for one event")
            pushes = world.effects("ntfy", "fired")
            expect(len(pushes) <= 2 and all(is_flagged(push) for push in pushes[1:]), f"{len(pushes)} pushes, not all later ones marked")


def lost_answers_are_asked_again():
    """A receiver that takes the message and drops the answer: the webhook comes again under the same key, the critical push
    once more and marked as a possible repeat."""
    for kind in ("webhook", "ntfy"):
        with begin(SMALL, 2, interval="200ms") as world:
            world.do("sink_fault", sink=kind, mode="drop_after_accept", count=1)
            world.do("trunk_down", pbx="pbx01", trunk="10000")
            wait_for(f"the {kind} again", lambda: len(world.effects(kind, "fired")) >= 2 and both_told(world), 30)
            expect_one_repeat(world, kind)


def a_recovery_behind_its_fire_arrives_after_it():
    """A trunk fails and recovers while the webhook refuses: when it takes again, both arrive, once, in order, and at once."""
    with begin(SMALL, 2, interval="200ms") as world:
        world.do("sink_fault", sink="webhook", mode="status", status=503)
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the push", lambda: world.effects("ntfy", "fired"))
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        wait_for("its recovery", lambda: world.effects("ntfy", "resolved"))
        world.do("sink_ok", sink="webhook")
        quiet(world)
        taken = [event_of(line) for line in world.effects("webhook") if line["answered"] == 200]
        expect(taken == ["fired", "resolved"], f"the webhook took {taken}")


def sigterm_with_a_hung_receiver():
    """SIGTERM while a receiver hangs for longer than the drain may take: the daemon is gone within 30 s, in order, and the
    message is sent by the next one."""
    with begin(SMALL, 2, interval="300ms", timing={"attempt_timeout": "120s"}) as world:
        world.do("sink_fault", sink="webhook", mode="hang")
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the webhook in flight", lambda: both_told(world))
        took = world.terminate()
        expect(5 <= took <= 30, f"it took {took:.1f} s")  # sooner would mean that nobody waited for the receiver
        world.do("sink_ok", sink="webhook")
        world.start()
        wait_for("the webhook", lambda: [line for line in world.effects("webhook", "fired") if line["answered"] == 200], 30)
        quiet(world)
        expect(len({line["key"] for line in world.effects("webhook", "fired")}) == 1, "the same message under two keys")


def link_of(push):
    return content(push)["actions"][0]["url"]


def only_alert(world):
    return world.items("/api/v1/alerts")[0]


def acknowledge_by_link():
    """The link of a push shows a page and acknowledges only on POST; a second POST and last night's link change nothing."""
    with begin(SMALL, 2, interval="200ms", timing={"episode_window": "1s"}) as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        link = link_of(wait_for("the push", lambda: world.effects("ntfy", "fired"))[0])
        status, page = request(link)
        expect(status == 200 and "<button" in page, f"GET gave {status}")
        expect(only_alert(world)["state"] == "firing", "GET acknowledged")
        expect(request(link + "0")[0] == 404, "a changed link was accepted")
        status, page = request(link, "POST")
        expect(status == 200 and "Acknowledged" in page, f"POST gave {status}")
        expect(only_alert(world)["state"] == "acknowledged", f"state {only_alert(world)['state']}")
        expect("acknowledged this at" in request(link, "POST")[1], "a second POST did not say so")
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        wait_for("the recovery", lambda: world.effects("ntfy", "resolved"))
        expect("recovered" in request(link)[1], "the page does not say that it recovered")
        last_nights_link(world, link)


def last_nights_link(world, link):
    recovered = time.monotonic()
    wait_for("the episode is over", lambda: time.monotonic() - recovered > 1.2)
    world.do("trunk_down", pbx="pbx01", trunk="10000")
    again = wait_for("the push of tonight", lambda: world.effects("ntfy", "fired")[1:])[0]
    expect(only_alert(world)["episode"] == 2, f"episode {only_alert(world)['episode']} instead of 2")
    for method in ("GET", "POST"):
        status, page = request(link, method)
        expect(status == 200 and "earlier outage" in page, f"last night's link: {method} gave {status}")
    expect(only_alert(world)["state"] == "firing", "last night's link acknowledged tonight's outage")
    expect(request(link_of(again), "POST")[0] == 200 and only_alert(world)["state"] == "acknowledged", "tonight's link does not acknowledge")


def a_silence_is_seen_and_lifted():
    """While all is silenced nothing interrupts and everybody can see why; lifted, what still fails is told once."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.ctl("silence", "10m", "--all", "--reason", "fire drill")
        expect(world.ctl("alerts").startswith("SILENCED: nothing interrupts"), "the list of alerts does not begin with the silence")
        expect("\nringdown_silenced_tenants 1\n" in request(world.url + "/metrics")[1], "the metrics do not show the silence")
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        alert = wait_for("the alert", lambda: world.items("/api/v1/alerts"))[0]
        wait_polls(world, "pbx01", 6)
        expect(not world.effects("ntfy"), "a silenced tenant was interrupted")
        expect("the tenant is silenced (kill_switch)" in world.ctl("explain", alert["id"]), "explain does not say why")
        world.ctl("silence", "off", "--all")
        wait_for("the push", lambda: world.effects("ntfy", "fired"))
        expect("SILENCED" not in world.ctl("alerts"), "the silence is still shown")
        quiet(world)
        expect(len(world.effects("ntfy")) == 1, f"{len(world.effects('ntfy'))} pushes instead of 1")
        tenant = world.items("/api/v1/tenants")[0]["id"]
        expect(any(row["action"] == "tenant.silence_lifted" for row in world.items(f"/api/v1/audit?tenant={tenant}")), "no audit of the lifting")


def a_test_shows_what_the_provider_answers():
    """test-channel and resend end with the provider's answer; a resend after the acknowledgement is refused."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        push = wait_for("the push", lambda: [row for row in world.items("/api/v1/deliveries?state=sent") if row["channel"].endswith("-push")])[0]
        told = world.ctl("test-channel", f"{push['tenant']}/{push['channel']}")
        expect("\nsent: " in told, f"the test says: {told}")
        expect(len(world.effects("ntfy", "test")) == 1, "no test arrived")
        expect("\nsent: " in world.ctl("resend", push["id"]), "the resend does not say how it ended")
        world.ctl("ack", push["alert"])
        status, answer = world.api(f"/api/v1/deliveries/{push['id']}/resend", "POST", {})
        expect(status == 409 and "acknowledged by" in answer["text"], f"a resend of an acknowledged alert: {status} {answer}")
        quiet(world)
        expect(len(world.effects("ntfy")) == 3, f"{len(world.effects('ntfy'))} pushes instead of 3")
