//! The LaTeX document compiles with a real pdflatex, whatever a team is called.

#[path = "common/skip.rs"]
mod skip;

use std::process::Command;

#[test]
fn a_standalone_document_compiles() {
    if Command::new("pdflatex").arg("--version").output().is_err() {
        skip::skipped("a_standalone_document_compiles", "there is no pdflatex");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let hostile = [
        r"\input{/etc/passwd} & % $x$ #1 _ ^ ~ {}",
        "[2] starts a row",
        "*also",
        "Größe, Łódź, José",
        "超解像 группа 😀",
        "\u{2028}line\u{200d}",
        "\\end{document}",
    ];
    let mut csv = String::from("team,runtime_ms,params_m,flops_g,psnr_val,psnr_test\n");
    for (i, name) in hostile.iter().enumerate() {
        csv += &format!("\"{}\",{},0.{},1{},29.0,28.7\n", name.replace('"', "\"\""), 10 + i, i + 1, i);
    }
    std::fs::write(folder.path().join("table.csv"), csv).unwrap();
    for tracks in ["runtime", "all"] {
        let rank = Command::new(env!("CARGO_BIN_EXE_esr-bench"))
            .args(["rank", "table.csv", "--track", tracks, "--standalone", "-o", "table.tex"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(rank.status.success(), "{}", String::from_utf8_lossy(&rank.stderr));
        let latex = Command::new("pdflatex")
            .args(["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "table.tex"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&latex.stdout).into_owned();
        assert!(latex.status.success(), "{log}");
        assert!(!log.contains("passwd"), "a team's name was executed: {log}");
        assert!(std::fs::read(folder.path().join("table.pdf")).unwrap().starts_with(b"%PDF"));
    }
}

#[test]
fn standalone_is_for_latex_alone() {
    let rank = Command::new(env!("CARGO_BIN_EXE_esr-bench"))
        .args(["rank", "ntire2022", "--standalone", "--format", "csv"])
        .output()
        .unwrap();
    assert_eq!(rank.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&rank.stderr).contains("--format latex"));
}
