//! The long help of every command, as reviewed snapshots.

use std::process::Command;

/// What a command prints at a terminal of 100 columns.
fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_esr-bench"))
        .args(arguments)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

const COMMANDS: [&str; 23] = [
    "audit",
    "compare",
    "completions",
    "data check",
    "doctor",
    "forms",
    "fuse",
    "identify",
    "import",
    "inspect",
    "lint",
    "man",
    "measure",
    "merge",
    "models",
    "place",
    "rank",
    "report",
    "rules show",
    "serve",
    "show",
    "sign",
    "verify",
];

#[test]
fn the_overview() {
    insta::assert_snapshot!("overview", help(&["--help"]));
}

#[test]
fn every_command() {
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        insta::assert_snapshot!(command.replace(' ', "-"), help(&words));
    }
}

#[test]
fn rules_has_two_more_commands() {
    for command in ["list", "check"] {
        insta::assert_snapshot!(format!("rules-{command}"), help(&["rules", command, "--help"]));
    }
}

#[test]
fn without_a_command_the_first_steps_are_shown() {
    let output = Command::new(env!("CARGO_BIN_EXE_esr-bench")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("no-command", String::from_utf8(output.stderr).unwrap());
}

#[test]
fn a_format_that_a_command_does_not_have_is_refused_with_those_that_it_has() {
    let output = Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(["doctor", "--format", "latex"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("[possible values: table, json]"), "{message}");
}
