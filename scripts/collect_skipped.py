"""A plugin of pytest: appends each skipped test with its reason to the file that ESR_BENCH_SKIPPED names, as the Rust tests do."""

import os


def pytest_runtest_logreport(report):
    path = os.environ.get("ESR_BENCH_SKIPPED")
    if path and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        with open(path, "a") as file:
            file.write(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}\n")
