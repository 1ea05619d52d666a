"""`python -m esr_torch.branches CLONE [--call FILE.py:FUNCTION]`: one JSON document on stdout."""

import argparse
import json
import sys

from .describe import Unreadable, read_clone


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m esr_torch.branches", description=__doc__)
    parser.add_argument("clone", help="the folder of an organisers' repository")
    parser.add_argument(
        "--call", metavar="FILE.py:FUNCTION", help="the function that selects a network, where its name differs"
    )
    args = parser.parse_args(argv)
    try:
        found = read_clone(args.clone, args.call)
    except Unreadable as error:
        sys.exit(f"esr_torch.branches: {error}")
    json.dump(found, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
