"""Tests of check_layout.py on small packages, with planted circles and honest controls."""

import tempfile
import unittest
from pathlib import Path

import check_layout

HEADER = "//! A room. It may use nothing else.\n"


class Layout(unittest.TestCase):
    def complaints(self, files: dict[str, str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            src = Path(folder) / "src"
            for name, text in files.items():
                (src / name).parent.mkdir(parents=True, exist_ok=True)
                (src / name).write_text(text)
            return check_layout.check(src)

    def test_a_line_of_imports_passes(self):
        files = {
            "lib.rs": "mod a;\nmod b;\npub use a::A;\n",
            "a.rs": "use crate::b::B;\npub struct A(B);\n",
            "b.rs": "pub struct B;\n",
        }
        self.assertEqual(self.complaints(files), [])

    def test_a_circle_of_two_files_is_named_with_its_lines(self):
        files = {
            "lib.rs": "mod a;\nmod b;\n",
            "a.rs": "use crate::b::B;\npub struct A(B);\n",
            "b.rs": "pub struct B;\n\nfn f() -> super::a::A { todo!() }\n",
        }
        found = "\n".join(self.complaints(files))
        self.assertIn("a circle of imports between 2 files", found)
        self.assertIn("src/a.rs:1 uses crate::b::B, which src/b.rs defines", found)
        self.assertIn("src/b.rs:3 uses super::a::A, which src/a.rs defines", found)

    def test_re_exports_are_followed_to_the_file_that_defines_the_item(self):
        room = {
            "lib.rs": "mod room;\n",
            "room/mod.rs": HEADER + "mod a;\nmod b;\npub use a::{A, helper as help};\n",
            "room/a.rs": "pub struct A;\npub fn helper() {}\n",
            "room/b.rs": "use crate::room::A;\nfn f(_: A) { super::help() }\n",
        }
        self.assertEqual(self.complaints(room), [])
        room["room/a.rs"] = "use super::b::f;\npub struct A;\npub fn helper() {}\n"
        self.assertIn("src/room/b.rs:1 uses crate::room::A", "\n".join(self.complaints(room)))

    def test_an_item_of_the_face_itself_closes_a_circle(self):
        files = {
            "lib.rs": "mod room;\n",
            "room/mod.rs": HEADER + "mod a;\npub struct Face;\nfn f() { a::run() }\n",
            "room/a.rs": "use super::Face;\npub fn run() {}\n",
        }
        self.assertIn("src/room/a.rs:1 uses super::Face", "\n".join(self.complaints(files)))

    def test_strings_comments_and_tests_import_nothing(self):
        files = {
            "lib.rs": "mod a;\nmod b;\n",
            "a.rs": "use crate::b::B;\npub struct A<'a>(&'a B);\n",
            "b.rs": "// crate::a::A\n/* crate::a::A /* nested */ */\npub struct B;\n"
            'const S: &str = "crate::a::A \\" crate::a::A";\nconst R: &str = r#"crate::a::A"#;\nconst C: char = \'"\';\n'
            "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n",
        }
        self.assertEqual(self.complaints(files), [])

    def test_a_module_and_an_item_may_share_a_name(self):
        files = {
            "lib.rs": "mod audit;\nmod user;\npub use audit::audit;\n",
            "audit.rs": "pub fn audit() {}\npub struct Audit;\n",
            "user.rs": "use crate::audit;\nfn f() { audit::audit(); let _ = crate::audit::Audit; }\n",
        }
        self.assertEqual(self.complaints(files), [])

    def test_circles_between_rooms_and_rooms_that_are_not_named(self):
        files = {
            "lib.rs": "mod a;\nmod b;\nmod error;\n",
            "error.rs": "pub struct Error;\n",
            "a/mod.rs": "//! The first. It may use [`crate::b`].\nmod one;\nmod two;\n",
            "a/one.rs": "use crate::b::three::Three;\nuse crate::error::Error;\n",
            "a/two.rs": "pub struct Two;\n",
            "b/mod.rs": "//! The second. It uses nothing else.\npub mod three;\npub mod four;\n",
            "b/three.rs": "pub struct Three;\n",
            "b/four.rs": "",
        }
        self.assertEqual(self.complaints(files), [])
        files["b/four.rs"] = "use crate::a::two::Two;\n"
        found = "\n".join(self.complaints(files))
        self.assertIn("a circle of imports between the rooms a, b", found)
        self.assertIn("the header of src/b/mod.rs does not name crate::a", found)

    def test_every_room_has_a_header(self):
        files = {"lib.rs": "mod a;\nmod b;\n", "a/mod.rs": "", "b/mod.rs": "//! Holds things.\n"}
        found = "\n".join(self.complaints(files))
        self.assertIn("src/a/mod.rs: a room begins with a `//!` header", found)
        self.assertIn("src/b/mod.rs: the header does not say what the room may use", found)


if __name__ == "__main__":
    unittest.main()
