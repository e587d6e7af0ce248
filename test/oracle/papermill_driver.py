"""Papermill itself, as a process that prepares one notebook for each line of JSON that it reads.

A request is {"notebook": base64, "parameters": {...}, "kernel_name": ..., "language": ..., "output_path": ...}, of
which the last three may be null; the answer is {"output": base64, "path": the file written} or {"error": text}. Generated cell ids are counted (00000000, 00000001, ...), so that what papermill
writes is the same each time; nothing else of it is changed.
"""

import base64
import json
import logging
import os
import sys
import tempfile
import types
import warnings

import nbformat.corpus.words
import papermill

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


class CountedIds:
    """Takes the place of the module `uuid` where nbformat makes cell ids."""

    def __init__(self):
        self.count = 0

    def uuid4(self):
        identifier = f"{self.count:08x}"
        self.count += 1
        return types.SimpleNamespace(hex=identifier)


def prepare(request):
    nbformat.corpus.words.uuid = CountedIds()
    for name in os.listdir():
        os.remove(name)
    with open("input.ipynb", "wb") as file:
        file.write(base64.b64decode(request["notebook"]))
    papermill.execute_notebook(
        "input.ipynb",
        request["output_path"] or "output.ipynb",
        parameters=request["parameters"],
        prepare_only=True,
        kernel_name=request["kernel_name"],
        language=request["language"],
        progress_bar=False,
    )
    (path,) = [name for name in os.listdir() if name != "input.ipynb"]
    with open(path, "rb") as file:
        output = base64.b64encode(file.read()).decode("ascii")
    os.remove(path)
    return {"output": output, "path": path}


def answer(line):
    try:
        return prepare(json.loads(line))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for request_line in sys.stdin:
        print(json.dumps(answer(request_line)), flush=True)
    os.chdir("/")
