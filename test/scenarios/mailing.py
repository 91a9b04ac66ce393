"""Email channels: who gets a mail, and what becomes of one whose answer is lost."""

import os

from harness import request, wait_for
from steps import begin, expect, is_flagged, quiet

MAILS = "[fleet]\ntenants = 1\npbxes = 2\ntrunks_per_pbx = 3\n[sinks]\nemail_channels = true\n"
RULE = '\n[[routing.rule]]\nchannels = ["t1-push", "t1-mail"]\n'


def mails(world, event=None):
    return [line for line in world.effects("smtp") if event is None or line["event"] == event]


def begin_mailing(rule=RULE, **options):
    """A world whose tenant has its alerts mailed too."""
    world = begin(MAILS, 2, interval="200ms", **options)
    try:
        with open(os.path.join(world.ready["tenants"], "t1.toml"), "a", encoding="utf-8") as file:
            file.write(rule)
        world.apply()
    except BaseException:
        world.end()
        raise
    return world


def rows(world):
    return [row for row in world.items("/api/v1/deliveries") if row["channel"] == "t1-mail"]


def a_mail_tells_a_critical_and_its_end():
    """A channel of kind email, to the address of its user: one mail tells a critical, with a link that acknowledges, one its
    end, in one thread; a refused mail is dead and one that may be taken later is sent again."""
    with begin_mailing(RULE + '[severity]\ntrunk_down = "critical"\n') as world:
        world.do("sink_fault", sink="smtp", mode="status", status=451, count=1)
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        fire = wait_for("the mail", lambda: [line for line in mails(world, "fired") if line["answered"] == 250])[0]
        expect([line["answered"] for line in mails(world)] == [451, 250], "it was not sent again after 451, once")
        expect(fire["to"] == "tech@t1.sim.test" and fire["from"] == "alerts@t1.sim.test", f"from {fire['from']} to {fire['to']}")
        expect(fire["severity"] == "critical" and not is_flagged(fire), "it is no critical, or calls itself a repeat")
        expect(len({line["key"] for line in mails(world)}) == 1, "the second attempt has another Message-ID")
        link = fire["text"].split("Acknowledge: ", 1)[1].split()[0]
        expect(request(link, "POST")[0] == 200 and world.items("/api/v1/alerts")[0]["state"] == "acknowledged", "its link does not acknowledge")
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        end = wait_for("the mail of the end", lambda: mails(world, "resolved"))[0]
        expect(end["references"] == fire["references"] != "" and end["key"] != fire["key"], "the end is in another thread, or is the same mail")
        quiet(world)
        world.do("sink_fault", sink="smtp", mode="refuse_login", count=1)
        world.do("trunk_down", pbx="pbx02", trunk="10000")
        wait_for("the refusal", lambda: [row for row in rows(world) if row["state"] == "dead" and "password" in row["answer"]])
        expect(len(mails(world, "fired")) == 2, "a mail came although the login was refused")


def expect_documented(world, severity):
    """The answer of one mail was lost: a critical comes at most once more and is then flagged, a warning is unknown."""
    quiet(world)
    told = mails(world, "fired")
    expect(not is_flagged(told[0]), "the first mail calls itself a repeat")
    expect(len({line["key"] for line in told}) == 1, "the repeat has another Message-ID")
    row = next(row for row in rows(world) if row["event"] == "fired")
    if severity == "critical":
        expect(len(told) == 2 and is_flagged(told[1]) and row["state"] == "sent", f"{len(told)} mails of a critical, {row['state']}")
    else:
        expect(len(told) == 1 and row["state"] == "unknown", f"{len(told)} mails of a warning, {row['state']}")


def lost_answers_to_mails():
    """A mail server that takes a mail and hangs up before its answer, or whose taking kills the daemon: a critical is sent
    once more, flagged and under its Message-ID; a warning ends unknown."""
    for severity in ("critical", "warning"):
        for how in ("cut", "kill"):
            with begin_mailing(RULE + f'[severity]\ntrunk_down = "{severity}"\n') as world:
                if how == "cut":
                    world.do("sink_fault", sink="smtp", mode="drop_after_accept", count=1)
                else:
                    world.do("on_effect", sink="smtp", action="kill", pid_file=os.path.join(world.folder, "pid"))
                world.do("trunk_down", pbx="pbx01", trunk="10000")
                if how == "kill":
                    expect(world.died(20) == -9, "the daemon was not killed")
                    world.start()
                wait_for("the mail", lambda: mails(world, "fired"))
                if severity == "critical":
                    wait_for("the repeat", lambda: len(mails(world, "fired")) >= 2, 30)
                expect_documented(world, severity)


def a_hanging_mail_server_leaves_push_alone():
    """While the mail server takes mails and answers none, pushes arrive as ever; SIGTERM ends the daemon in order."""
    with begin_mailing(timing={"attempt_timeout": "8s"}) as world:
        world.do("sink_fault", sink="smtp", mode="hang")
        for trunk in ("10000", "10001"):
            world.do("trunk_down", pbx="pbx01", trunk=trunk)
            world.do("trunk_down", pbx="pbx02", trunk=trunk)
        wait_for("the mails in flight", lambda: len(mails(world)) >= 2)
        wait_for("the pushes", lambda: len(world.effects("ntfy", "fired")) >= 4)
        world.terminate()
