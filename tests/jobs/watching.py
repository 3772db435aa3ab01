"""What tests of jobs do while a job runs."""

from __future__ import annotations

import threading
import time

import psutil


def ended(queue, job_id):
    """The job as it ends."""
    return list(queue.watch(job_id))[-1]


def finished(queue, still, request, user="ada"):
    """The id of a job that was handed in and is done."""
    job_id = queue.submit(still, request, user)
    assert ended(queue, job_id).state == "done"
    return job_id


def until(queue, job_id, is_there):
    """The first look at a job of which `is_there` holds."""
    for job in queue.watch(job_id):
        if is_there(job):
            return job
    raise AssertionError(f"it ended before: {job}")


def holds_within(seconds, is_so):
    """Whether `is_so()` becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def is_gone(pid):
    """Whether a process has ended, even if nobody has asked for its exit code yet."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def in_threads(count, work):
    """The results of `work(index)` in as many threads at once."""
    results = [None] * count

    def run(index):
        results[index] = work(index)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
