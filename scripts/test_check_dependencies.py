"""Tests of check_dependencies.py."""

import unittest

import check_dependencies


class Dependencies(unittest.TestCase):
    def test_licence_expressions(self):
        for accepted in ["MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception OR GPL-2.0"]:
            self.assertTrue(check_dependencies.allowed(accepted), accepted)
        for refused in ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "AGPL-3.0 OR SSPL-1.0"]:
            self.assertFalse(check_dependencies.allowed(refused), refused)

    def test_a_second_version_is_reported_unless_a_pin_brings_it(self):
        def data(old_from: str) -> dict:
            packages = [("own", "1"), ("tch", "1"), ("other", "1"), ("x", "1"), ("x", "2")]
            deps = {"own 1": ["tch 1", "other 1", "x 2"], f"{old_from} 1": ["x 1"]}
            return {
                "workspace_members": ["own 1"],
                "packages": [{"id": f"{n} {v}", "name": n, "version": v} for n, v in packages],
                "resolve": {"nodes": [{"id": f"{n} {v}", "deps": [{"pkg": d} for d in deps.get(f"{n} {v}", [])]} for n, v in packages]},
            }

        of_x = lambda found: [p for p in found if p.startswith("x: there are 2 versions (1, 2)")]
        self.assertEqual(len(of_x(check_dependencies.duplicates(data("other")))), 1)
        self.assertEqual(of_x(check_dependencies.duplicates(data("tch"))), [])


if __name__ == "__main__":
    unittest.main()
