"""Papermill itself, as a process that executes one notebook for each line of JSON that it reads.

A request is {"notebook": base64, "kernel_name": ..., "options": {...}}, the options being those of nbclient; the answer is
{"output": base64, "error": text or null}. In the output, streams of one name that follow each other are one, because how
the kernel cuts its streams into messages is a matter of chance; carriage returns are applied by nbclient's own pattern, and
backspaces as it means to.
"""

import base64
import json
import logging
import os
import re
import sys
import tempfile
import warnings

import nbformat
import papermill
from nbclient.client import _RGX_CARRIAGERETURN

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def terminal(text):
    before = None
    while before != text:
        before = text
        text = re.sub("[^\n]\x08", "", text, count=1)
    return _RGX_CARRIAGERETURN.sub("", text)


def merged(outputs):
    result = []
    for output in outputs:
        last = result[-1] if result else {}
        if output["output_type"] == "stream" == last.get("output_type") and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            result.append(output)
    for output in result:
        if output["output_type"] == "stream":
            output["text"] = terminal(output["text"])
    return result


def execute(request):
    with open("input.ipynb", "wb") as file:
        file.write(base64.b64decode(request["notebook"]))
    options = request["options"]
    # Streams as they came.
    raw = options.pop("raw", False)
    error = None
    try:
        papermill.execute_notebook(
            "input.ipynb",
            "output.ipynb",
            kernel_name=request["kernel_name"],
            progress_bar=False,
            **options,
        )
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    notebook = nbformat.read("output.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and not raw:
            cell.outputs = merged(cell.outputs)
    os.remove("output.ipynb")
    output = base64.b64encode(nbformat.writes(notebook).encode()).decode()
    return {"output": output, "error": error}


def answer(line):
    try:
        return execute(json.loads(line))
    except Exception as error:
        return {"fault": f"{type(error).__name__}: {error}"}


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    answers = os.fdopen(os.dup(1), "w")
    # What kernels print of their own is no answer.
    os.dup2(2, 1)
    for request_line in sys.stdin:
        print(json.dumps(answer(request_line)), file=answers, flush=True)
    os.chdir("/")
