# SPDX-License-Identifier: GPL-2.0-or-later
"""What one user can take of the system, and what others have of it meanwhile.

usage: run.py HELL BUILD [WORD]

CALLS is how many calls the wild make, SEED which.
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "system"))
import machine  # noqa: E402
import tally  # noqa: E402
from machine import check, hell, path  # noqa: E402

NOBODY = 65534
# Root's command, on a host that has other things to do as well.
SECONDS = 25

# Each kind with what it gets at least before it is told.
KINDS = {"ports": 1000, "names": 500, "messages": 500, "notices": 500,
         "tasks": 30, "kernel-threads": 100, "ranges": 1000, "files": 200,
         "pipes": 100, "threads": 100, "processes": 20, "disk": 50}

ROOT = """
chmod 1777 /tmp; cd /tmp
usage() { /tests/usage %d; }
as_nobody() { su nobody -s /bin/sh -c "$1"; }
now() { cut -d' ' -f1 /proc/uptime; }
# How long an ordinary command of root's takes.
answer() { a=$(now); ls -l /etc | wc -l >/dev/null; echo "answer $a $(now)"; }
settle() {
    n=0
    while [ $n -lt 80 ]; do
        case $(usage) in *nothing) break;; esac
        sleep 0.5; n=$((n + 1))
    done
}
as_nobody true; ls >/dev/null; settle; echo "before $(usage)"
""" % NOBODY
END = """
settle; echo "after $(usage)"; echo alive
"""


def run(script, limit=150, memory="256M"):
    status, out, err = hell("run", "-m", memory, "--disk",
                            path("tests", "limits", "root.img"), "--",
                            "/bin/sh", "-c", ROOT + script + END, limit=limit)
    return out + err


def find(pattern, text):
    found = re.findall(pattern, text)
    return [tuple(map(float, f)) for f in found]


def check_answers(what, text, count):
    times = [b - a for a, b in find(r"answer ([\d.]+) ([\d.]+)", text)]
    check(len(times) >= count and max(times) < SECONDS,
          "%s: root's commands are answered" % what, "%s\n%s" % (times, text))


def check_as_before(what, text):
    check("\nalive" in text, "%s: the system goes on" % what, text[-2000:])
    usage = r" bytes (\d+) pages (\d+) tasks (\d+) user nothing"
    before, after = find("before" + usage, text), find("after" + usage, text)
    if not check(before and after, "%s: nothing is left of it" % what,
                 text[-2000:]):
        return
    grown = [a - b for a, b in zip(after[0], before[0])]
    # What servers keep for the next time, and files in memory.
    check(grown[0] < 12 << 20 and grown[1] < 8000 and grown[2] <= 2,
          "%s: the kernel keeps no more than before" % what, grown)


# Root works before and after the hog has all that it gets, however long that takes.
# What it says has a block already, for it may take the whole disk.
HOG = """
echo >/tmp/said
as_nobody "/tests/hog %s 2 120; rm -f /tmp/hog" >>/tmp/said & hog=$!
answer
while ! grep -q error /tmp/said && kill -0 $hog; do answer; done 2>/dev/null
answer; wait; answer; cat /tmp/said
"""


def test_kinds():
    for kind, least in KINDS.items():
        text = run(HOG % kind, limit=300)
        said = re.search(r"%s: (\d+), error 0x[1-9a-f]" % kind, text)
        check(said and int(said.group(1)) >= least,
              "%s: there is an end of it, which is told" % kind, text)
        check_answers(kind, text, 2)
        check_as_before(kind, text)


def test_memory():
    text = run('as_nobody "/tests/hog memory 5" & sleep 1; answer; wait\n')
    check("out of memory" in text or "error" in text,
          "memory: who wants too much is ended", text)
    check_answers("memory", text, 1)
    check_as_before("memory", text)


def test_a_fork_bomb():
    text = run('as_nobody "/tests/hog bomb 12" & sleep 3; answer; answer; '
               "wait\n")
    check_answers("a fork bomb", text, 2)
    check_as_before("a fork bomb", text)


def test_many_become_a_user_at_once():
    """Those for whom proc has no thread wait for one."""
    text = run("i=0; while [ $i -lt 30 ]; do as_nobody 'id -u' & i=$((i + 1)); "
               "done; wait\n")
    check(len(re.findall(r"^%d$" % NOBODY, text, re.M)) == 30,
          "many become a user at once: all do", text)
    check_as_before("many become a user at once", text)


def test_who_sleeps_in_a_request_and_is_killed():
    text = run("echo >/tmp/locked; chmod 666 /tmp/locked\n"
               "/tests/sleeper hold /tmp/locked & sleep 1\n"
               "as_nobody '/tests/sleeper /tmp/locked'; answer\n"
               "rm -f /tmp/sleeper*\n")
    check("sleeper: all asleep" in text and "came back" not in text,
          "killed in requests: they sleep", text)
    check_answers("killed in requests", text, 1)
    check_as_before("killed in requests", text)


def test_all_at_once():
    hogs = "".join('as_nobody "/tests/hog %s 10" & ' % kind
                   for kind in list(KINDS) + ["bomb", "memory"])
    text = run(hogs + "sleep 3; answer; answer; wait; rm -f /tmp/hog\n")
    check_answers("all at once", text, 2)
    check_as_before("all at once", text)


def test_the_last_of_the_disk_is_roots():
    text = run('as_nobody "/tests/hog disk 15"\n'
               "dd if=/dev/zero of=/root/more bs=64k count=8 2>&1 | tail -1; "
               "as_nobody 'echo more >/tmp/more' || echo refused; rm -f /tmp/hog; "
               "as_nobody 'echo again >/tmp/more; cat /tmp/more'\n")
    check("error 0x1c" in text and "\nrefused" in text,
          "a user is told that the disk is full", text)
    check("8+0 records out" in text, "root still writes", text)
    check("\nagain" in text, "and so does the user when he has made room",
          text)


# When auth has ended the waiting for him: what is left of a user, and how many
# ports servers have; a second time it is to be no more.
ALONE = """
ports() {
    for s in ext2fs /hurd/auth /hurd/proc /hurd/term /hurd/pflocal; do
        p=$(ps | sed -n "s#^ *\\([0-9]*\\) root *$s.*#\\1#p" | head -1)
        portinfo $p 2>/dev/null | sed -n 's/^[0-9]*: \\([0-9]*\\) .*/\\1/p'
    done | tr '\\n' ' '
}
cat </dev/null | cat
for round in %s; do
    as_nobody 'for s in %s; do /tests/alone $s 300 1000 & done; wait' &
    sleep 7; answer; head -1 /etc/passwd | cat; answer
    for p in $(ps | sed -n 's#^ *\\([0-9]*\\) nobody .*#\\1#p'); do
        kill -9 $p
    done 2>/dev/null
    answer; sleep %d; settle; echo "round $round $(usage)"
    echo "ports $(ports)"
done
"""


def test_rendezvous_to_which_nobody_comes():
    servers = ("ext2fs", "term", "pflocal", "proc", "user", "server")
    # That auth's time is over, and what is left then, takes minutes to see.
    long = "LONG" in os.environ
    rounds = 2 if long else 1
    text = run(ALONE % ("1 2" if long else "1", " ".join(servers),
                        24 if long else 0), limit=300)
    for server in servers:
        check(len(re.findall(r"alone: \d+ calls to %s\b" % server, text))
              == rounds, "%s is alone at a rendezvous" % server, text)
    about = "rendezvous to which nobody comes"
    check(text.count("\nroot:") == rounds, about + ": root is served", text)
    check_answers(about, text, 3 * rounds)
    check("\nalive" in text, about + ": the system goes on", text)
    if not long:
        return
    # Threads that servers made stay for a minute or two, as many as it happened to
    # take; what is kept of each call would be 310 ports more, and their bytes.
    kept = find(r"round \d bytes (\d+) pages (\d+) tasks \d+ user nothing", text)
    check(len(kept) == 2 and kept[1][0] - kept[0][0] < 4 << 20 and
          kept[1][1] - kept[0][1] < 6000,
          about + ": no server waits for ever", text)
    ports = [[int(n) for n in line.split()]
             for line in re.findall(r"\nports ([\d ]+)", text)]
    check(len(ports) == 2 and len(ports[0]) == 5 and
          all(b - a < 250 for a, b in zip(*ports)),
          about + ": no server keeps ports", ports)


BOUNDS = """
echo "u1003:x:1003:1003::/:/bin/sh" >>/etc/passwd
as_nobody '/tests/alone user 100 %d plain & /tests/alone server 100 %d plain & wait' &
sleep 4; su u1003 -s /bin/sh -c 'id -u'; wait
"""


def test_how_many_wait_at_auth():
    # That their time is over takes a minute to see.
    time = 75 if "LONG" in os.environ else 3
    text = run(BOUNDS % (time, time))
    said = {name: (int(refused), int(late), int(first))
            for name, refused, late, first in
            re.findall(r"alone: (\w+): (\d+) refused, (\d+) late, "
                       r"first after (\d+) s", text)}
    if not check(len(said) == 2, "many wait at auth", text):
        return
    user, server = said["user"], said["server"]
    check(user[0] + server[0] == 200 - 128, "one user has 128 there, not more",
          said)
    check("\n1003\n" in text, "others meet there meanwhile", text)
    if time > 60:
        check(user[1] + server[1] == 128 and 19 <= server[2] < 59 <= user[2],
              "and none waits for ever", said)


# Two users have made-up ports asked by exec, and a third one wants to work.
FAKES = """
for user in 1001 1002 1003; do echo "u$user:x:$user:$user::/:/bin/sh"; done >>/etc/passwd
run_as() { su u$1 -s /bin/sh -c "$2"; }
ports() {
    p=$(ps | sed -n "s#^ *\\([0-9]*\\) root *exec.*#\\1#p" | head -1)
    portinfo $p 2>/dev/null | sed -n 's/^[0-9]*: \\([0-9]*\\) .*/\\1/p'
}
run_as 1003 'id -u'; answer; echo "ports $(ports)"
for user in 1001 1002; do
    run_as $user 'for i in 1 2 3 4 5; do /tests/fakes %s 100 6 & done; wait' &
done
sleep 2
for i in 1 2 3; do answer; a=$(now); run_as 1003 'id -u'; echo "answer $a $(now)"; done
wait; answer; sleep %d; settle; echo "ports $(ports)"
"""


def test_made_up_ports():
    # A thread that a server made stays for a minute or two.
    long = "LONG" in os.environ
    for kind in (("file", "crdir", "auth", "proc", "task", "nonsense") if long
                 else ("auth", "nonsense")):
        text = run(FAKES % (kind, 150 if long else 0), limit=300)
        about = "made-up ports, " + kind
        said = find(r"fakes: \w+: (\d+) of (\d+) asked, (\d+) answered", text)
        check(len(said) == 10 and all(s[0] > 0 for s in said),
              about + ": exec is asked", text)
        check(text.count("\n1003\n") == 4, about + ": others' programs run", text)
        check_answers(about, text, 8)
        if not long:
            check("\nalive" in text, about + ": the system goes on", text)
            continue
        check_as_before(about, text)
        ports = [int(n) for n in re.findall(r"\nports (\d+)", text)]
        check(len(ports) == 2 and ports[1] - ports[0] < 20,
              about + ": exec keeps no ports", text)


# Whose processes there are; who is to be there afterwards.
WILD = """
pids() { ps | sed -n 's/^ *\\([0-9]*\\) .*/\\1/p'; }
servers() { ps | sed -n 's#^ *\\([0-9]*\\) root *\\(/hurd/\\|[per][cux][imt][-p2]\\).*#\\1#p'; }
cat /dev/null /proc/version >/dev/null; head -c 9 /dev/zero >/dev/null
all=" $(pids | tr '\\n' ' ')"; servers=$(servers)
/tests/keeper %d %d %s 65534 & keeper=$!
while sleep 1; kill -0 $keeper; do answer; done 2>/dev/null
answer; wait
for p in $(pids); do case "$all" in *" $p "*) ;; *) kill -9 $p;; esac; done 2>/dev/null
now=" $(servers | tr '\\n' ' ')"
for p in $servers; do case "$now" in *" $p "*) ;; *) echo "server $p died";; esac; done
echo hello >/tmp/hello; cat /tmp/hello | cat; as_nobody "id -u"
rm -rf /tmp/wild* /tmp/hello
"""


def test_wild_calls():
    calls = int(os.environ.get("CALLS", 10000))
    for what in ("kernel", "servers"):
        seed = tally.seeds("SEEDS", 1)[0]
        about = "%d wild calls to %s, SEED=%d" % (calls, what, seed)
        text = run(WILD % (seed, calls, what), limit=150 + calls // 20)
        said = re.search(r"wild: (\d+) calls, (\d+) answers, (\d+) successes",
                         text)
        check(said and int(said[1]) == calls and
              int(said[3]) > calls // 1000, about + " are made", text)
        check("server " not in text and "\nhello\n65534\n" in text,
              about + ": the servers are there", text)
        check_answers(about, text, 1)
        check_as_before(about, text)


def limited(uid):
    """Before HELL starts: an ordinary user with few processes."""
    import resource
    os.setgid(uid)
    os.setuid(uid)
    resource.setrlimit(resource.RLIMIT_NPROC, (90, 90))


def test_a_host_with_few_processes():
    if os.getuid() != 0:
        print("     | only root can be somebody else: not tried")
        return
    copy = "/tmp/hell-limits-%d.img" % os.getpid()
    subprocess.run(["cp", "--sparse=always",
                    path("tests", "limits", "root.img"), copy], check=True)
    os.chmod(copy, 0o666)
    program = "/tmp/hell-limits-%d" % os.getpid()
    subprocess.run(["cp", machine.HELL, program], check=True)
    script = ('i=0; while [ $i -lt 60 ]; do sleep 3 & i=$((i + 1)); done; '
              'sleep 4; /bin/true && echo alive')
    child = subprocess.Popen(
        [program, "run", "-m", "256M", "--disk", copy, "--", "/bin/sh", "-c",
         script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, preexec_fn=lambda: limited(61234))
    try:
        text = child.communicate(timeout=90)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        child.kill()
        text = child.communicate()[0].decode(errors="replace") + "TIMEOUT"
    for name in (copy, program):
        os.unlink(name)
    check("can't fork" in text, "a fork that the host refuses is an error",
          text)
    check("host process is gone" not in text, "and ends nobody's task", text)


def make_image():
    folder = path("tests", "limits", "add", "tests")
    os.makedirs(folder, exist_ok=True)
    for program in ("hog", "usage", "wild", "keeper", "alone", "fakes",
                    "sleeper"):
        subprocess.run(["cp", path("tests", "limits", program), folder],
                       check=True)
    with open(os.path.join(folder, "script"), "w") as script:
        script.write("#!/bin/true\n")
    os.chmod(script.name, 0o755)
    status, out, err = hell("mkroot", "--size", "64M", "--add",
                            os.path.dirname(folder),
                            path("tests", "limits", "root.img"))
    return check(status == 0, "mkroot makes the image", out + err)


def main():
    machine.HELL = os.path.abspath(sys.argv[1])
    machine.BUILD = os.path.abspath(sys.argv[2])
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    if make_image():
        for name, test in list(globals().items()):
            if name.startswith("test_") and word in name:
                print("-- " + name[5:].replace("_", " "), flush=True)
                test()
    print("limits-tests: %d passed, %d failed" % (len(machine.passed),
                                                  len(machine.failed)))
    return 1 if machine.failed else 0


if __name__ == "__main__":
    sys.exit(main())
