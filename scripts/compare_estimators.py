#!/usr/bin/env python3
"""Compares ways to estimate a network's runtime: how far do two sessions of the same networks lie apart?

    compare_estimators.py measure OUT.json [--worker FILE] [--seconds 90] [--threads 1] [--neighbour] [CARD ...]
    compare_estimators.py report OUT.json OUT.json [OUT.json ...]

`measure` drives esr-worker itself, by its protocol, with random weights on an image of 96 x 128 pixels. It spends the same time on
each of two schedules: fresh processes in rounds, every other round in reverse order; and pairs, where a network and the
baseline (the first card) live side by side and take turns (A B B A). --neighbour starts two busy programs beside it, on
for 2 s and off for 1 to 4 s.

`report` takes sessions of the same conditions and prints, for each estimator, how far the entries' figures moved between
two sessions (median and worst, in per cent), and Kendall's tau of the orders.
"""

import argparse
import itertools
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from worker_pipe import Worker

ROOT = Path(__file__).resolve().parent.parent
CARDS = ["imdn", "rfdn", "rlfn", "span", "efdn", "fmen"]
HEIGHT, WIDTH, SCALE = 96, 128, 4
REPEATS = 3

BUSY = """
import random, sys, time
generator = random.Random(int(sys.argv[1]))
while True:
    end = time.monotonic() + 2
    while time.monotonic() < end:
        sum(i * i for i in range(10000))
    time.sleep(generator.uniform(1, 4))
"""


class Network(Worker):
    """A worker with a network of the registry."""

    def __init__(self, program, card, threads, slot):
        super().__init__(program)
        self.slot = slot
        text = tomllib.loads((ROOT / "models" / "cards" / f"{card}.toml").read_text())
        self.ask(do="hello", protocol=1)
        self.ask(do="load", device="cpu", scale=SCALE, data_range=1.0, switches={"threads": threads},
                 network={"kind": "registry", "arch": text["arch"], "config": text.get("config", {}),
                          "weights": {"from": "random", "seed": 0}})

    def time(self, repeats=1):
        """Wall-clock and CPU milliseconds of each repeat."""
        timed = self.ask(do="time", slot=self.slot, warmup=0, repeats=repeats)
        return list(zip(timed["ms"], timed["cpu_ms"]))


def in_rounds(start, cards, seconds):
    """By round, by card: the first pass of the process, and the repeats after it."""
    order, rounds, begin = list(cards), [], time.monotonic()
    while time.monotonic() - begin < seconds:
        if len(rounds) % 2 == 0:
            random.shuffle(order)
        else:
            order.reverse()
        found = {}
        for card in order:
            worker = start(card)
            found[card] = worker.time() + worker.time(REPEATS)
            worker.end()
        rounds.append(found)
    return rounds


def in_pairs(start, cards, seconds):
    """By card: turns of A B B A, A the baseline, in one pair of processes for each card's share of the time."""
    found = {}
    for card in cards[1:]:
        begin = time.monotonic()
        a, b = start(cards[0]), start(card)
        a.time(), b.time()
        turns = []
        while not turns or time.monotonic() - begin < seconds / (len(cards) - 1):
            turns.append([a.time()[0], b.time()[0], b.time()[0], a.time()[0]])
        a.end(), b.end()
        found[card] = turns
    return found


def measure(args):
    cards = args.cards or CARDS
    pixels = random.Random(0).randbytes(HEIGHT * WIDTH * 3)
    neighbours = []
    with tempfile.NamedTemporaryFile() as exchange:
        exchange.write(pixels + bytes(len(pixels) * SCALE * SCALE))
        exchange.flush()
        slot = {"file": exchange.name, "height": HEIGHT, "width": WIDTH, "lr_offset": 0, "sr_offset": len(pixels)}
        try:
            if args.neighbour:
                neighbours = [subprocess.Popen([sys.executable, "-c", BUSY, str(seed)]) for seed in (1, 2)]
            start = lambda card: Network(args.worker, card, args.threads, slot)
            session = {"cards": cards, "threads": args.threads, "neighbour": args.neighbour,
                       "rounds": in_rounds(start, cards, args.seconds), "pairs": in_pairs(start, cards, args.seconds)}
        finally:
            for neighbour in neighbours:
                neighbour.kill()
    args.out.write_text(json.dumps(session))
    print(f"{args.out}: {len(session['rounds'])} rounds, {statistics.median(map(len, session['pairs'].values())):.0f} turns a pair")


def low_tenth(values):
    return sorted(values)[len(values) // 10]


def estimates(session):
    """By estimator, by card but the baseline: one figure."""
    cards, rounds, pairs = session["cards"], session["rounds"], session["pairs"]
    base, others = cards[0], cards[1:]
    wall = lambda found: [ms for ms, _ in found[1:]]
    cpu = lambda found: [ms for _, ms in found[1:]]
    median = statistics.median

    def over_rounds(of):
        return {card: median(of(r[card]) for r in rounds) for card in cards}

    def ratios(of):
        return {card: median(of(r[card]) / of(r[base]) for r in rounds) for card in others}

    def pooled(pick):
        return {card: pick([ms for r in rounds for ms in wall(r[card])]) for card in cards}

    def over(values):
        return {card: values[card] / values[base] for card in others}

    first = {card: statistics.mean(r[card][0][0] for r in rounds) for card in cards}
    medians, least, tenth = over_rounds(lambda f: median(wall(f))), pooled(min), pooled(low_tenth)
    in_ms = lambda values: {card: values[card] for card in others}
    turn = lambda t, which: (t[1][which] + t[2][which]) / (t[0][which] + t[3][which])
    return {
        "published: mean of first passes, ms": in_ms(first),
        "published: mean of first passes, ratio": over(first),
        "median over rounds, ms": in_ms(medians),
        "minimum over rounds and repeats, ms": in_ms(least),
        "lowest tenth, ms": in_ms(tenth),
        "ratio of medians": over(medians),
        "ratio of minima": over(least),
        "ratio of lowest tenths": over(tenth),
        "median of the rounds' ratios of medians": ratios(lambda f: median(wall(f))),
        "median of the rounds' ratios of minima": ratios(lambda f: min(wall(f))),
        "the same of CPU time": ratios(lambda f: min(cpu(f))),
        "pairs: median of the turns' ratios": {c: median(turn(t, 0) for t in pairs[c]) for c in others},
        "pairs: the same of CPU time": {c: median(turn(t, 1) for t in pairs[c]) for c in others},
        "pairs: ratio of minima": {c: min(min(t[1][0], t[2][0]) for t in pairs[c]) / min(min(t[0][0], t[3][0]) for t in pairs[c]) for c in others},
    }


def tau(a, b):
    """Kendall's tau of two orders of the same names."""
    signs = [math.copysign(1, a[x] - a[y]) * math.copysign(1, b[x] - b[y]) for x, y in itertools.combinations(sorted(a), 2)]
    return sum(signs) / len(signs)


def report(args):
    sessions = [estimates(json.loads(path.read_text())) for path in args.sessions]
    print("| estimator | moved between sessions, median / worst | Kendall's tau, least |\n|---|---|---|")
    for name in sessions[0]:
        moved, taus = [], []
        for one, other in itertools.combinations(sessions, 2):
            moved += [100 * abs(math.log(one[name][card] / other[name][card])) for card in one[name]]
            taus.append(tau(one[name], other[name]))
        print(f"| {name} | {statistics.median(moved):.1f} % / {max(moved):.1f} % | {min(taus):.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("measure")
    one.add_argument("out", type=Path)
    one.add_argument("cards", nargs="*", metavar="CARD")
    one.add_argument("--worker", type=Path, default=ROOT / "target" / "release" / "esr-worker")
    one.add_argument("--seconds", type=float, default=90, help="for each of the two schedules")
    one.add_argument("--threads", type=int, default=1)
    one.add_argument("--neighbour", action="store_true", help="with two busy programs beside it")
    one.set_defaults(run=measure)
    two = commands.add_parser("report")
    two.add_argument("sessions", nargs="+", type=Path)
    two.set_defaults(run=report)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
