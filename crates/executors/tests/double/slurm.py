#!/usr/bin/env python3
"""A double of Slurm's commands: sbatch, squeue, sacct, scancel and scontrol.

Each command is a link to this file, and the directory of the link is the whole cluster: `jobs`
holds a file for each job, and `accounting` is there if the cluster keeps accounts. Jobs run as real
processes on three nodes of four cores. What is printed, and how a job ends, is what Slurm 22.05
prints and does. Options that are not used are refused.

A cluster with accounts forgets ended jobs at once, so that everybody has to look into the accounts.
"""

import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(sys.argv[0]).parent
JOBS = HERE / "jobs"
ACCOUNTING = HERE / "accounting"
NODES = ["n1", "n2", "n3"]
CORES = 4
KILL_WAIT_SECONDS = 2
A_MOMENT = 0.05
FINAL = ["COMPLETED", "FAILED", "TIMEOUT", "CANCELLED"]
NO_SUCH_JOB = "slurm_load_jobs error: Invalid job id specified"


def refuse(words, code=1):
    print(words, file=sys.stderr)
    sys.exit(code)


class Options(argparse.ArgumentParser):
    """The options of a command, as far as it is called with them: others are refused."""

    def __init__(self, command):
        super().__init__(prog=command, add_help=False, allow_abbrev=False)

    def error(self, message):
        refuse(f"{self.prog}: {message}", 255)


# ---- jobs ----------------------------------------------------------------------------------------


class Job:
    """What the cluster knows about a job: a file that one process at a time writes."""

    def __init__(self, id):
        self.path = JOBS / f"{id}.json"
        self.cancelled = JOBS / f"{id}.cancelled"

    def read(self):
        return json.loads(self.path.read_text())

    def write(self, **changes):
        known = self.read() if self.path.exists() else {}
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps({**known, **changes}))
        temporary.replace(self.path)


def all_jobs():
    ids = sorted(int(path.stem) for path in JOBS.glob("*.json"))
    return [Job(id).read() for id in ids]


def is_shown(job):
    """Whether the controller still knows a job."""
    return job["state"] not in FINAL or not ACCOUNTING.exists()


# ---- sbatch --------------------------------------------------------------------------------------


def sbatch(arguments):
    options = Options("sbatch")
    options.add_argument("--parsable", action="store_true", required=True)
    options.add_argument("--no-requeue", action="store_true")
    for option in ["job-name", "chdir", "output", "wrap", "time"]:
        options.add_argument(f"--{option}", required=True)
    options.add_argument("--open-mode", choices=["append"], required=True)
    for option in ["ntasks", "cpus-per-task", "mem", "exclude"]:
        options.add_argument(f"--{option}")
    asked = options.parse_args(arguments)
    if not re.fullmatch(r"\d+", asked.time):
        refuse("sbatch: error: Invalid --time specification", 255)
    with (HERE / "last").open("a+") as last:
        fcntl.flock(last, fcntl.LOCK_EX)
        last.seek(0)
        id = int(last.read() or 0) + 1
        last.truncate(0)
        last.write(str(id))
    job = Job(id)
    times = dict(began=None, ended=None)
    nothing = dict(reason="None", node="", codes=[0, 0])
    job.write(id=id, name=asked.job_name, state="PENDING", **nothing, **times)
    print(id, flush=True)
    if os.fork() == 0:
        run(job, id, asked)


def run(job, id, asked):
    """The job's daemon: waits for a core, runs the script, and notes how it ended."""
    os.setsid()
    nobody = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nobody, stream)
    core = None
    while core is None:
        if job.cancelled.exists():
            ended(job, "CANCELLED", signal=15)
        core = free_core()
        if core is None:
            job.write(reason="Resources")
            pause()
    node, _lock = core
    began = time.time()
    job.write(state="RUNNING", node=node, reason="None", began=began)
    script = JOBS / f"{id}.sh"
    script.write_text(f"#!/bin/sh\n# This script was created by sbatch --wrap.\n\n{asked.wrap}\n")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        output = os.open(os.path.join(asked.chdir, asked.output), flags, 0o644)
    except OSError:
        ended(job, "FAILED", "JobLaunchFailure", signal=53)
    process = subprocess.Popen(
        ["/bin/sh", script],
        cwd=asked.chdir,
        env={**os.environ, "SLURM_JOB_ID": str(id), "SLURM_JOB_NAME": asked.job_name},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    limit = began + 60 * int(asked.time)
    while process.poll() is None:
        if job.cancelled.exists():
            end_processes(job, process)
            ended(job, "CANCELLED", signal=15)
        if time.time() > limit:
            end_processes(job, process)
            ended(job, "TIMEOUT", "TimeLimit", signal=15)
        pause()
    kill_group(process, signal.SIGKILL)
    if process.returncode < 0:
        ended(job, "FAILED", "JobLaunchFailure", signal=-process.returncode)
    elif process.returncode > 0:
        ended(job, "FAILED", "NonZeroExitCode", code=process.returncode)
    ended(job, "COMPLETED")


def free_core():
    """A node and a lock on one of its cores."""
    for node in NODES:
        for core in range(CORES):
            lock = (HERE / f"{node}.{core}").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return node, lock
            except OSError:
                lock.close()
    return None


def pause():
    time.sleep(A_MOMENT)
    if not JOBS.exists():
        # The cluster is gone.
        sys.exit()


def end_processes(job, process):
    job.write(state="COMPLETING")
    kill_group(process, signal.SIGTERM)
    deadline = time.time() + KILL_WAIT_SECONDS
    while process.poll() is None and time.time() < deadline:
        time.sleep(A_MOMENT)
    kill_group(process, signal.SIGKILL)
    process.wait()


def kill_group(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def ended(job, state, reason="None", code=0, signal=0):
    job.write(state=state, reason=reason, codes=[code, signal], ended=time.time())
    sys.exit()


# ---- the other commands --------------------------------------------------------------------------


def squeue(arguments):
    options = Options("squeue")
    options.add_argument("-h", action="store_true", required=True)
    options.add_argument("-r", action="store_true", required=True)
    options.add_argument("-t", choices=["all"], required=True)
    options.add_argument("-u", choices=[str(os.getuid())], required=True)
    options.add_argument("-o", choices=["%A|%T|%M|%N|%j|%r"], required=True)
    options.parse_args(arguments)
    for job in filter(is_shown, all_jobs()):
        seconds = int((job["ended"] or time.time()) - job["began"]) if job["began"] else 0
        has_run = f"{seconds // 60}:{seconds % 60:02}"
        fields = ["id", "state", None, "node", "name", "reason"]
        print("|".join(str(job[field]) if field else has_run for field in fields))


def sacct(arguments):
    if not ACCOUNTING.exists():
        refuse("Slurm accounting storage is disabled")
    options = Options("sacct")
    for flag in ["-n", "-P", "-X"]:
        options.add_argument(flag, action="store_true", required=True)
    options.add_argument("--delimiter", choices=["|"], required=True)
    fields = "JobIDRaw,State,ExitCode,DerivedExitCode,NodeList,JobName"
    options.add_argument("-o", choices=[fields], required=True)
    options.add_argument("-j")
    options.add_argument("--name")
    options.add_argument("-S")
    asked = options.parse_args(arguments)
    ids, names = (asked.j or "").split(","), (asked.name or "").split(",")
    for job in all_jobs():
        if str(job["id"]) not in ids and job["name"] not in names:
            continue
        state, (code, signal) = job["state"], job["codes"]
        if state in ["CANCELLED", "TIMEOUT"]:
            # What ended the processes is noted of the batch step only.
            signal = 0
        if state == "CANCELLED":
            state += f" by {os.getuid()}"
        node = job["node"] or "None assigned"
        print(job["id"], state, f"{code}:{signal}", "0:0", node, job["name"], sep="|")


def scancel(arguments):
    options = Options("scancel")
    options.add_argument("-u", choices=[str(os.getuid())], required=True)
    options.add_argument("ids", nargs="+", type=int)
    refused = False
    for id in options.parse_args(arguments).ids:
        job = Job(id)
        state = job.read()["state"] if job.path.exists() else None
        why = None
        if state is None or state in FINAL:
            # With -u, even of a job that squeue lists.
            why = "Invalid job id specified"
        elif state == "COMPLETING":
            why = "Job/step already completing or completed"
        if why:
            print(f"scancel: error: Kill job error on job id {id}: {why}", file=sys.stderr)
            refused = True
        else:
            job.cancelled.touch()
    sys.exit(refused)


def scontrol(arguments):
    if arguments == ["show", "config"]:
        print("Configuration data as of 2024-05-06T07:08:09")
        print("MessageTimeout          = 1 sec")
        return
    if arguments[:4] != ["-o", "-d", "show", "job"]:
        refuse("invalid entity")
    path = JOBS / f"{arguments[4]}.json"
    if not path.exists() or not is_shown(json.loads(path.read_text())):
        refuse(NO_SUCH_JOB)
    job = json.loads(path.read_text())
    code, signal = job["codes"]
    print(
        f"JobId={job['id']} JobName={job['name']} UserId=me({os.getuid()}) Priority=4294901757",
        f"JobState={job['state']} Reason={job['reason']} Dependency=(null) Requeue=0 Restarts=0",
        f"BatchFlag=1 Reboot=0 ExitCode={code}:{signal} DerivedExitCode=0:0 NodeList={job['node']}",
    )


COMMANDS = [sbatch, squeue, sacct, scancel, scontrol]
{command.__name__: command for command in COMMANDS}[pathlib.Path(sys.argv[0]).name](sys.argv[1:])
