"""Jobs that come late: they begin slowly, or are stopped while the controllers change."""

import shutil
import signal
import time

import processes
from row import Row
from search import Search

# Stands in the place of bash: a job begins slowly, or waits until it may go on. No hangup reaches
# it: the kernel sends one to the job when its controller dies while it is stopped.
LATE_BASH = """\
#!{bash}
case $1 in */job.sh)
    trap '' HUP
    if mv "$MOZOPT_TORTURE/stop" "$MOZOPT_TORTURE/stopped" 2> /dev/null; then
        while [ -e "$MOZOPT_TORTURE/stopped" ]; do sleep 0.01; done
    elif [ -e "$MOZOPT_TORTURE/slow" ]; then
        sleep 0.$((RANDOM % 30))
    fi ;;
esac
exec {bash} "$@"
"""


class Late(Row):
    """A search whose jobs are started by a bash that takes its time."""

    def search(self, place, chance, number):
        search = Search(place, self.tools.mozopt, chance.choice(["cma-es", "sobol", "composite"]))
        tools = place / "bin"
        tools.mkdir()
        (tools / "bash").write_text(LATE_BASH.format(bash=shutil.which("bash")))
        (tools / "bash").chmod(0o755)
        path = search.environment["PATH"]
        search.environment["PATH"] = f"{tools}:{path}"
        return search


class LateStarts(Late):
    """A job waits before it takes its lock. Its controller is killed, the next one begins, and then
    the job goes on."""

    name = "late-starts"
    fault = "a job begins when the next controller is there"
    full = 300
    reduced = 16
    seconds = 0.4

    def torture(self, search, chance, number):
        tried, stopped = 0, search.place / "stopped"
        while tried < 4:
            controller = search.begin()
            search.goes_on(controller, chance.uniform(0.0, 0.2))
            (search.place / "stop").touch()
            while not stopped.exists() and controller.poll() is None:
                time.sleep(0.002)
            (search.place / "stop").unlink(missing_ok=True)
            search.kill_controller(controller)
            if not stopped.exists():
                break
            following = search.begin()
            search.goes_on(following, chance.uniform(0.0, 0.3))
            stopped.unlink()
            tried += 1
            if chance.random() < 0.5:
                search.goes_on(following, chance.uniform(0.0, 0.1))
                search.kill_controller(following)
            elif search.ended(following) == 0:
                break
        return tried


class SlowStarts(Late):
    """Each job takes up to a third of a second before it begins; controllers are killed."""

    name = "slow-starts"
    fault = "jobs begin slowly, and controllers are killed"
    full = 400
    reduced = 20
    seconds = 0.3

    def torture(self, search, chance, number):
        (search.place / "slow").touch()
        kills = 0
        while kills < 8:
            controller = search.begin()
            if not search.goes_on(controller, chance.uniform(0.0, 0.4)):
                break
            search.kill_controller(controller)
            kills += 1
        return kills


class Stopped(Late):
    """A job or its simulator is stopped somewhere and wakes under another controller."""

    name = "stopped-jobs"
    fault = "a job is stopped and wakes under another controller"
    full = 300
    reduced = 12
    seconds = 0.35

    def torture(self, search, chance, number):
        tried = 0
        while tried < 5:
            controller = search.begin()
            if not search.goes_on(controller, chance.uniform(0.0, 0.3)):
                break
            victims = [it for it in processes.of(search.place) if it.kind in ("job", "simulator")]
            victims = [it for it in victims if chance.random() < 0.5]
            for process in victims:
                processes.send(process, signal.SIGSTOP, search.place)
            search.kill_controller(controller)
            # The kernel has woken them when their controller died.
            for process in victims:
                processes.send(process, signal.SIGSTOP, search.place)
            following = search.begin()
            search.goes_on(following, chance.uniform(0.0, 0.2))
            for process in victims:
                processes.send(process, signal.SIGCONT, search.place)
            tried += len(victims)
            search.goes_on(following, chance.uniform(0.0, 0.2))
            search.kill_controller(following)
        return tried


ROWS = [LateStarts, SlowStarts, Stopped]
