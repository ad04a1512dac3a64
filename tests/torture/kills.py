"""Kills at random moments."""

import signal

import processes
from row import Row

# So often one search is disturbed, at most.
TIMES = 10


class Controllers(Row):
    """The controller is killed again and again. Its jobs go on, and the next controller finds
    them."""

    name = "kill-controller"
    fault = "`kill -9` of the controller"
    full = 1300
    reduced = 80
    seconds = 0.16

    def torture(self, search, chance, number):
        kills = 0
        while kills < TIMES:
            controller = search.begin()
            if not search.goes_on(controller, chance.uniform(0.0, 0.25)):
                break
            search.kill_controller(controller)
            kills += 1
        return kills


class Jobs(Row):
    """Jobs are killed while their controller lives."""

    name = "kill-job"
    fault = "`kill -9` of a job"
    full = 400
    reduced = 16
    seconds = 0.85
    kind = "job"

    def torture(self, search, chance, number):
        controller, killed, kills = search.begin(), {}, 0
        while search.goes_on(controller, chance.uniform(0.0, 0.12)):
            # Each is killed once or twice: the pause after a fault grows.
            there = [
                it
                for it in processes.of(search.place)
                if it.kind == self.kind and killed.get(it.directory, 0) < chance.choice([1, 1, 2])
            ]
            if there and kills < TIMES:
                victim = chance.choice(there)
                if search.kill([victim]):
                    killed[victim.directory] = killed.get(victim.directory, 0) + 1
                    kills += 1
        return kills


class Simulators(Jobs):
    """Simulators are killed."""

    name = "kill-simulator"
    fault = "`kill -9` of the simulator"
    full = 400
    reduced = 16
    seconds = 0.75
    kind = "simulator"


class Everything(Row):
    """Controller, jobs and simulators are killed together, as by a machine that is switched off."""

    name = "kill-all"
    fault = "`kill -9` of controller, jobs and simulators together"
    full = 2300
    reduced = 80
    seconds = 0.18

    def torture(self, search, chance, number):
        kills = 0
        while kills < TIMES:
            controller = search.begin()
            if not search.goes_on(controller, chance.uniform(0.0, 0.35)):
                break
            search.kill_all()
            controller.wait()
            kills += 1
        return kills


class Some(Row):
    """Some of the processes are killed, whichever they are, the controller perhaps among them."""

    name = "kill-some"
    fault = "`kill -9` of some of the processes"
    full = 600
    reduced = 30
    seconds = 0.25

    def torture(self, search, chance, number):
        controller, kills = search.begin(), 0
        while kills < TIMES:
            if not search.goes_on(controller, chance.uniform(0.0, 0.2)):
                if controller.poll() == 0:
                    break
                controller = search.begin()
                continue
            # Without a helper a simulator would really fail.
            there = [it for it in processes.of(search.place) if it.kind != "helper"]
            kills += len(search.kill([it for it in there if chance.random() < 0.4]))
        search.kill_all()
        controller.wait()
        return kills


class Signals(Row):
    """The controller is asked to stop: once, or more often, which cancels its simulations."""

    name = "signals"
    fault = "SIGTERM, SIGINT, SIGHUP to the controller"
    full = 600
    reduced = 40
    seconds = 0.2

    def torture(self, search, chance, number):
        signals = 0
        while signals < TIMES:
            controller = search.begin()
            if not search.goes_on(controller, chance.uniform(0.0, 0.25)):
                break
            for _ in range(chance.choice([1, 1, 2, 3])):
                controller.send_signal(
                    chance.choice([signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
                )
                signals += 1
                if not search.goes_on(controller, chance.uniform(0.0, 0.04)):
                    break
            search.ended(controller)
            search.look_around()
        return signals


ROWS = [Controllers, Jobs, Simulators, Everything, Some, Signals]
