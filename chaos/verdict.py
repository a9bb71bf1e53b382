"""The frame of a scenario: its options, its cluster, and its verdict."""

import argparse
import os
import sys

from cluster import Failed, find_binary


def parser(doc):
    found = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--binary", help="the varpulis to test; default: a release build made now")
    return found


def needs_root():
    """Ends the process with 77, "skipped", unless it may make network namespaces."""
    if os.geteuid() != 0:
        print(f"{os.path.basename(sys.argv[0])}: needs root, for network namespaces")
        sys.exit(77)


def run(options, scenario):
    """Calls `scenario(binary)`, which prints what it saw; ends the process with the verdict."""
    name = os.path.basename(sys.argv[0])
    try:
        scenario(find_binary(options.binary))
    except Failed as failure:
        print(f"{name}: FAILED: {failure}")
        sys.exit(1)
    print(f"{name}: passed")
    sys.exit(0)
