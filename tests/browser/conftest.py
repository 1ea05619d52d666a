"""A run by the mock worker, its page, and a real Chromium. Without a Chromium the tests are skipped by name; under CI=true they fail."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOSTILE = '</script><script>document.title="broken"</script><img src=x onerror=alert(1)>"\'&\u2028'
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def absent(what):
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is absent under CI=true")
    pytest.skip(f"{what} is absent")


def program(name, *build):
    """A program of the workspace, built from its present source."""
    if "ESR_BENCH_TARGET" not in os.environ:
        subprocess.run(["cargo", "build", "--quiet", "-p", "esr-bench", *build], cwd=ROOT, check=True)
    return pathlib.Path(os.environ.get("ESR_BENCH_TARGET", ROOT / "target/debug")) / name


@pytest.fixture(scope="session")
def esr_bench():
    return program("esr-bench", "--bin", "esr-bench")


@pytest.fixture(scope="session")
def mock_worker():
    return program("examples/mock_worker", "--example", "mock_worker")


def submission(folder, name, team, script):
    folder = folder / name
    folder.mkdir(parents=True)
    (folder / "weights.pth").write_text(name)
    team = team.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "submission.toml").write_text(
        f'team = "{team}"\ndata_range = 1.0\n[model]\narch = "mock"\nweights = "weights.pth"\nconfig = {script}\n'
    )
    return folder


@pytest.fixture(scope="session")
def rules(tmp_path_factory):
    """The rules of 2022 without their cuts, which the mock's images would not pass."""
    text = (ROOT / "challenges/ntire2022/rules.toml").read_text()
    path = tmp_path_factory.mktemp("rules") / "open.toml"
    path.write_text(text.replace("at_least = 28.95", "at_least = 1.0").replace("at_least = 28.65", "at_least = 1.0"))
    return path


@pytest.fixture(scope="session")
def run(tmp_path_factory, esr_bench, mock_worker):
    """Five submissions, one with a hostile name and one that fails, on three real photographs."""
    folder = tmp_path_factory.mktemp("run")
    teams = [("base", "Baseline", 20.0), ("quick", "Quick", 7.5), ("steady", "Steady", 9.0), ("hostile", HOSTILE, 12.0)]
    folders = [submission(folder, name, team, f"{{ ms = {ms} }}") for name, team, ms in teams]
    folders.append(submission(folder, "broken", "Broken", '{ fault = "refuse", at = "time" }'))
    made = subprocess.run(
        [esr_bench, "measure", *folders, "--data", f"val={ROOT / 'data/SkimageCC0'}", "--rounds", "6", "--baseline", "base"]
        + ["--keep-sr", "all", "--run", folder / "results/first", "--worker", mock_worker],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 4, made.stderr
    return folder / "results/first"


@pytest.fixture(scope="session")
def report(run, rules, esr_bench):
    path = run.parent.parent / "report.html"
    subprocess.run([esr_bench, "report", run, "--rules", rules, "-o", path], check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api") if os.environ.get("CI") != "true" else __import__(
        "playwright.sync_api", fromlist=["sync_playwright"]
    )
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        absent("Chromium")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Opens an address, and holds that nothing was written to the console and nothing was requested but that."""
    contexts = []

    def open_page(address, width=1440, scheme="light", allowed=None):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True)
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(str(address))
        page.wait_for_selector("[data-ready]")
        contexts.append((context, said, asked, allowed or (lambda url: url == str(address) or url.startswith(("data:", "blob:")))))
        return page

    yield open_page
    for context, said, asked, allowed in contexts:
        context.close()
        assert said == []
        assert [url for url in asked if not allowed(url)] == []


@pytest.fixture(scope="session")
def axe():
    path = os.environ.get("AXE_CORE") or ROOT / ".venv/axe-core/package/axe.min.js"
    if not pathlib.Path(path).is_file():
        absent("axe-core")
    return pathlib.Path(path).read_text()
