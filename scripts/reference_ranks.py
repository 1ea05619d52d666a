#!/usr/bin/env python3
"""Ranks random tables by each edition's rules, and compares with what `esr-bench rank --format csv` says.

This is a second implementation of the editions' rules, written from their description and from nothing of the harness. It wants Python 3.11
and a built binary, and nothing else:

    python3 scripts/reference_ranks.py --binary target/debug/esr-bench --tables 200 --seed 1

Exit code 0: no disagreement. 1: some; each is printed with the table that shows it, which stays in --keep DIR.

What must hold, by edition:
- all: an entry below a PSNR cut (applied to the value rounded to two decimals), or without a metric that the track needs, is not ranked.
- 2022, 2023: metrics have distinct ranks; equal printed values stand in the order of the sort before (runtime, then parameters, FLOPs, activations,
  memory), at last by name. The runtime track's place is the runtime's rank.
- 2022: equal rank sums share a place, and the next is skipped.
- 2023: places are permutations. Equal complexity sums go to the lower printed runtime, equal overall sums to the lower complexity sum. What is equal even then
  has distinct places in any order.
- 2024 on: scores of unrounded figures; equal scores share a place, and so do equal metrics.
"""

import argparse
import csv
import io
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
METRICS = ["runtime_ms", "params_m", "flops_g", "acts_m", "mem_m"]
DECIMALS = {"runtime_ms": 2, "params_m": 3, "flops_g": 2, "acts_m": 2, "mem_m": 2}
PERMUTATIONS = {"ntire2023": {"runtime", "complexity", "overall"}, "ntire2022": {"runtime"}}


class Edition:
    """What the reference reads of an edition: its numbers. How they are used is written here."""

    def __init__(self, name):
        rules = tomllib.loads((ROOT / "challenges" / name / "rules.toml").read_text())
        self.name = name
        self.cuts = {cut["metric"]: cut["at_least"] for cut in rules["cuts"]}
        self.baseline_entry = rules["baseline"]["entry"]
        self.baseline = rules["baseline"]["metrics"]
        self.tracks = {}
        for track in rules["tracks"]:
            by = track["by"]
            if "score" in by:
                self.tracks[track["name"]] = ("score", by["score"]["weights"])
            elif "rank_sum" in by:
                self.tracks[track["name"]] = ("sum", by["rank_sum"])
            else:
                self.tracks[track["name"]] = ("metric", [by["metric"]])


def random_table(rng, edition):
    """Rows as text, with ties, gaps, values near the cuts, 0 to 5 decimals."""
    rows = []
    pool = {m: [rng.uniform(*span) for _ in range(6)] for m, span in
            {"runtime_ms": (5, 60), "params_m": (0.1, 0.9), "flops_g": (5, 60), "acts_m": (40, 200), "mem_m": (100, 900)}.items()}
    decimals = {m: rng.randint(1, 5) for m in METRICS}
    for index in range(rng.randint(1, 24)):
        row = {"team": f"team {rng.randint(0, 10**6):06d}-{index}"}
        for metric in METRICS:
            value = rng.choice(pool[metric])
            if rng.random() < 0.6:
                value *= rng.uniform(0.5, 1.5)
            elif rng.random() < 0.3:
                value += rng.choice([-1, 1]) * 0.4 * 10 ** -DECIMALS[metric]
            row[metric] = f"{value:.{decimals[metric]}f}" if rng.random() > 0.03 else ""
            if row[metric] and float(row[metric]) <= 0:
                row[metric] = "0.1"
        for metric, least in edition.cuts.items():
            value = least + rng.choice([0.3, 0.3, 0.3, 0.1, 0.0051, 0.005, 0.0, -0.0049, -0.0051, -0.2])
            row[metric] = f"{value:.{rng.choice([2, 4, 4])}f}" if rng.random() > 0.02 else ""
        rows.append(row)
    if rng.random() < 0.5:
        row = {"team": edition.baseline_entry, "psnr_val": "29.50", "psnr_test": "29.50"}
        row.update({m: f"{rng.uniform(5, 60) if m == 'runtime_ms' else rng.uniform(0.2, 20):.3f}" for m in METRICS})
        rows.append(row)
    rng.shuffle(rows)
    return rows


def figures(rows):
    """Rows as numbers, by name; an empty cell is absent."""
    return {r["team"]: {k: float(v) for k, v in r.items() if k != "team" and v != ""} for r in rows}


def printed(metric, value):
    return float(f"{value:.{DECIMALS[metric]}f}")


def ranked_entries(edition, entries, needed):
    applied = [m for m in edition.cuts if any(m in f for f in entries.values())]

    def passes(values):
        return all(m in values and float(f"{values[m]:.2f}") >= edition.cuts[m] for m in applied)

    rest = {n: v for n, v in entries.items() if n != edition.baseline_entry}
    return {n: v for n, v in rest.items() if passes(v) and all(m in v for m in needed)}


def chained_ranks(entries):
    """Distinct ranks by each metric, one stable sort after the other, from the order of names. What was not measured has none."""
    order = sorted(entries)
    ranks = {}
    for metric in METRICS:
        order.sort(key=lambda n: printed(metric, entries[n][metric]) if metric in entries[n] else math.inf)
        ranks[metric] = {n: place for place, n in enumerate(order, 1) if metric in entries[n]}
    return ranks


def shared(keys):
    """Places by keys; equals share the better one."""
    return {n: 1 + sum(other < key for other in keys.values()) for n, key in keys.items()}


def expected(edition, entries, track):
    """(place or acceptable places by name, score by name, metric ranks by name)."""
    kind, what = edition.tracks[track]
    needed = list(what)
    ranked = ranked_entries(edition, entries, needed)
    if kind == "score":
        base = dict(edition.baseline)
        base.update(entries.get(edition.baseline_entry, {}))
        scores = {n: sum(w * math.exp(2 * v[m] / base[m]) for m, w in what.items()) for n, v in ranked.items()}
        exponents = {n: sorted((m, 2 * v[m] / base[m]) for m in what) for n, v in ranked.items()}
        places = {}
        for n, score in scores.items():
            better = sum(o < score and exponents[k] != exponents[n] for k, o in scores.items())
            # Scores that agree to rounding may fall on either side.
            close = sum(k != n and abs(o - score) <= 1e-12 * abs(score) for k, o in scores.items())
            places[n] = set(range(max(1, better + 1 - close), better + 2 + close)) if close else {better + 1}
        ranks = {m: shared({n: v[m] for n, v in ranked.items() if m in v}) for m in ["runtime_ms", "params_m", "flops_g"]}
        return places, scores, ranks
    ranks = chained_ranks(ranked)
    sums = {n: sum(ranks[m][n] for m in what) for n in ranked} if kind == "sum" else {}
    if kind == "metric":
        return {n: {ranks[what[0]][n]} for n in ranked}, {}, ranks
    if edition.name == "ntire2022":
        return {n: {p} for n, p in shared(sums).items()}, sums, ranks
    if track == "complexity":
        keys = {n: (sums[n], printed("runtime_ms", v["runtime_ms"]) if "runtime_ms" in v else math.inf) for n, v in ranked.items()}
    else:
        keys = {n: (sums[n], ranks["params_m"][n] + ranks["flops_g"][n]) for n in ranked}
    # A permutation: what is equal by all keys takes its places in any order.
    low = shared(keys)
    return {n: set(range(low[n], low[n] + sum(k == keys[n] for k in keys.values()))) for n in keys}, sums, ranks


def harness(binary, path, edition):
    command = [binary, "rank", str(path), "--rules", edition.name, "--track", "all", "--format", "csv"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 4):
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return list(csv.DictReader(io.StringIO(done.stdout)))


def compare(edition, rows, answers):
    """Disagreements, in words."""
    entries = figures(rows)
    found = []
    for track in edition.tracks:
        places, scores, ranks = expected(edition, entries, track)
        said = {a["team"]: a for a in answers if a["track"] == track and a["ranked"] == "true"}
        if set(said) != set(places):
            found.append(f"{track}: ranked {sorted(set(said) ^ set(places))} differ")
            continue
        for name, answer in said.items():
            if int(answer["rank"]) not in places[name]:
                found.append(f"{track}: {name} is at {answer['rank']}, expected {sorted(places[name])}")
            if name in scores and not math.isclose(float(answer["score"]), scores[name], rel_tol=1e-9):
                found.append(f"{track}: {name} scores {answer['score']}, expected {scores[name]}")
            for metric, by_name in ranks.items():
                cell = answer.get(metric.rsplit("_", 1)[0] + "_rank", "")
                if cell and int(cell) != by_name.get(name):
                    found.append(f"{track}: {name} has rank {cell} by {metric}, expected {by_name.get(name)}")
        taken = [a["rank"] for a in said.values()]
        if track in PERMUTATIONS.get(edition.name, ()) and len(set(taken)) != len(taken):
            found.append(f"{track}: places are no permutation: {sorted(map(int, taken))}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(ROOT / "target/debug/esr-bench"))
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="where tables that disagree are kept")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    names = sorted(p.parent.name for p in (ROOT / "challenges").glob("*/rules.toml"))
    editions = [Edition(name) for name in names]
    rankings = disagreeing = 0
    with tempfile.TemporaryDirectory() as folder:
        for index in range(args.tables):
            edition = editions[index % len(editions)]
            rows = random_table(rng, edition)
            path = pathlib.Path(args.keep or folder) / f"table{args.seed}-{index}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, ["team", *METRICS, *edition.cuts])
                writer.writeheader()
                writer.writerows({k: r.get(k, "") for k in writer.fieldnames} for r in rows)
            found = compare(edition, rows, harness(args.binary, path, edition))
            rankings += len(edition.tracks)
            disagreeing += len({f.split(":")[0] for f in found})
            for line in found:
                print(f"{edition.name}, table {index}: {line}")
            if not found and args.keep:
                path.unlink()
    print(f"{rankings} rankings of {args.tables} random tables, {disagreeing} disagree")
    return 1 if disagreeing else 0


if __name__ == "__main__":
    sys.exit(main())
