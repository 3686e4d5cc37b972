"""A study that is killed, or whose disk fills up, makes what it would have made."""

import os
import shutil
import subprocess

import pytest
from chaos import CONCURRENCY, SMALL_TARGETS, Run, Services, chaos, differences, small_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tormented(tmp_path_factory):
    """A run that was killed five times while its services misbehaved, and a calm one."""
    return chaos(tmp_path_factory.mktemp("chaos"), small=True, kills=5)


def test_five_kills_over_all_stages_leave_no_trace(tormented):
    figures, *_ = tormented
    assert figures["kills"] >= 4, figures  # the last moment may come after the end
    assert figures["differences"] == []
    assert figures["key_found_in"] == []
    assert sum(figures["faults"].values()) > 0.1 * figures["requests"]
    assert figures["answered"] >= figures["requests"]
    assert figures["paid_twice"] <= figures["in_flight_at_most"]


@pytest.fixture
def small_results(tmp_path):
    """A study folder whose results lie on a disk of its own; a function sets the free bytes."""
    folder = tmp_path / "study" / "results"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")

    def leave(room: int) -> None:
        size = shutil.disk_usage(folder).used + room
        subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)

    yield folder.parent, leave
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.long
def test_a_disk_that_fills_up_again_and_again_costs_no_result(tormented, small_results):
    _, calm, sound = tormented
    folder, leave = small_results
    rooms = (100_000, 8_000_000, 100_000, 500_000, 64_000_000)
    with Services(1) as services:
        run = Run(folder, small_study(services.url), SMALL_TARGETS)
        for room in rooms:
            leave(room)
            run.targets = ["roundtrip"] if room == 8_000_000 else SMALL_TARGETS
            run.log.write_text("", encoding="utf-8")
            code = run.start().wait()
            if code == 0:
                continue
            lines = [line for line in run.told().splitlines() if line.startswith("Error: ")]
            assert lines and all("full" in line for line in lines), run.told()
            assert "Traceback" not in run.told()
        assert code == 0, run.told()
        twice = sum(services.billed[text] - 1 for text in sound if services.billed[text])
    assert differences(calm, run) == []
    assert twice <= 2 * CONCURRENCY * len(rooms)  # in flight when the disk was full
