"""The definitions of containers: what they name exists, and they build where the tools are at hand."""

import re
import shutil
import subprocess

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet


def works(*command):
    """Whether a tool is installed and answers."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def project(root):
    import tomllib

    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("name", ["Dockerfile", "apptainer.def"])
def test_a_definition_takes_a_python_that_the_project_takes(root, name):
    text = (root / "envs" / name).read_text(encoding="utf-8")
    (version,) = re.findall(r"^from:? python:([\d.]+)-slim$", text, re.MULTILINE | re.IGNORECASE)
    assert version in SpecifierSet(project(root)["requires-python"])
    assert "-c envs/lock.txt" in text
    assert (root / "envs/lock.txt").is_file()


def test_the_lock_has_a_version_in_range_for_every_requirement(root):
    lines = (root / "envs/lock.txt").read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    found = {}
    for one in pinned:
        (version,) = [spec.version for spec in one.specifier]
        found.setdefault(one.name.lower().replace("_", "-"), set()).add(version)
    for text in project(root)["dependencies"]:
        wanted = Requirement(text)
        versions = found[wanted.name.lower().replace("_", "-")]
        assert all(version in wanted.specifier for version in versions), text
    assert "://" not in "".join(lines)


@pytest.mark.long
def test_the_docker_image_runs_the_workflow(root, tmp_path):
    if not works("docker", "info"):
        pytest.skip("no Docker daemon answers")
    image = "mothertongue-test"
    build = ["docker", "build", "-q", "-f", "envs/Dockerfile", "-t", image, "."]
    subprocess.run(build, cwd=root, check=True)
    run = ["docker", "run", "--rm", image, "-n", "--quiet", "rules", "--configfile"]
    done = subprocess.run(
        [*run, "/opt/mothertongue/studies/paper.yaml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"finetune_lora +224\n", done.stdout + done.stderr)


@pytest.mark.long
def test_the_apptainer_image_runs_the_workflow(root, tmp_path):
    if not works("apptainer", "--version"):
        pytest.skip("Apptainer is not installed")
    image = tmp_path / "mothertongue.sif"
    subprocess.run(["apptainer", "build", str(image), "envs/apptainer.def"], cwd=root, check=True)
    run = ["apptainer", "run", str(image), "-n", "--quiet", "rules", "--configfile"]
    done = subprocess.run(
        [*run, "/opt/mothertongue/studies/paper.yaml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"finetune_lora +224\n", done.stdout + done.stderr)
