#!/usr/bin/env bash
# Tries completions in bash, zsh and fish, and renders a manual page. A shell that is not there is skipped by name.
#
#     scripts/try_shells.sh [FOLDER OF esr-bench, default target/release]
#
# Each shell loads the file that an installation puts in place and completes at its own prompt, as a user's key would.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "${1:-target/release}")
export PATH="$bin:$PATH" TERM=dumb
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# expect SHELL LINE WORD...: the shell completes LINE to each of the words.
expect() {
  local shell=$1 line=$2 word found
  shift 2
  found=$("complete_$shell" "$line")
  for word in "$@"; do
    if grep -qE "(^|[[:space:]])$word([[:space:]]|$)" <<<"$found"; then
      echo "ok       $shell: '$line' completes to $word"
    else
      echo "FAILED   $shell: '$line' does not complete to $word, but to: $(head -c 300 <<<"$found" | tr '\n' ' ')"
      failed=1
    fi
  done
}

complete_bash() {
  # The function that `complete` registers, with the variables that a key sets.
  bash --norc -c '
    source completions/esr-bench.bash
    COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
    read -ra COMP_WORDS <<<"$1"
    [[ $1 == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    $(complete -p esr-bench | grep -oE "_clap_complete_[a-z_]+") esr-bench "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    printf "%s\n" "${COMPREPLY[@]}"' bash "$1"
}

complete_fish() {
  fish --no-config -c 'source completions/esr-bench.fish; complete --do-complete $argv[1]' "$1" | cut -f1
}

complete_zsh() {
  # Zsh completes only in its line editor: a pseudo-terminal types the line and Ctrl-D, which lists the candidates.
  python3 - "$1" "$folder" <<'PYTHON'
import os, pty, re, select, sys, time
line, folder = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(PS1="READY ", COLUMNS="400", LINES="500")
    os.execvp("zsh", ["zsh", "-f", "-i"])
def read_until(mark, seconds):
    text, end = "", time.time() + seconds
    while time.time() < end and mark not in text:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                text += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
    return text
def say(text):
    os.write(terminal, text.encode())
say(f"stty rows 500 cols 400; fpath=($PWD/completions $fpath); autoload -U compinit; compinit -u -d {folder}/dump; echo SET''UP\n")
read_until("SETUP", 60)
say("setopt list_rows_first; LISTMAX=0\n")
read_until("\0", 1)
say(line + "\x04")
shown = read_until("\0", 20)
shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", " ", shown)
print(shown)
os.close(terminal)
PYTHON
}

for shell in bash zsh fish; do
  if ! command -v "$shell" >/dev/null; then
    echo "skipped  $shell: it is not installed"
    continue
  fi
  expect "$shell" "esr-bench ra" rank
  expect "$shell" "esr-bench rank --rules ntire202" ntire2022 ntire2026
  expect "$shell" "esr-bench rank --rules ntire2026 --track " all
  expect "$shell" "esr-bench models --describe rlfn" rlfn_author rlfn_s
  expect "$shell" "esr-bench lint submissions/example-" submissions/example-program submissions/example-rlfn
done

esr-bench man "$folder/man1"
if command -v man >/dev/null; then
  page=$(MANWIDTH=80 man -l "$folder/man1/esr-bench-rank.1" | sed 's/.\x08//g')
  man_failed=0
  for text in NAME SYNOPSIS OPTIONS '--uncertainty' 'esr-bench-rank'; do
    grep -q -- "$text" <<<"$page" || { echo "FAILED   man: esr-bench-rank.1 has no $text"; man_failed=1; }
  done
  warnings=$(for file in "$folder"/man1/*.1; do LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$file" 2>&1 >/dev/null; done)
  [ -z "$warnings" ] || { echo "FAILED   man: $warnings"; man_failed=1; }
  [ $man_failed = 1 ] || echo "ok       man: esr-bench-rank.1 is rendered; $(ls "$folder/man1" | wc -l) pages without a warning"
  failed=$((failed | man_failed))
else
  echo "skipped  man: it is not installed"
fi
exit $failed
