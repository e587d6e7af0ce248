"""Runs command lines of papermill, one after the other, each in the current folder: start-up is paid once."""

import json
import sys

from papermill.cli import papermill

for args in json.load(sys.stdin):
    papermill.main(args, standalone_mode=False)
