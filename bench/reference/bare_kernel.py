"""A kernel by itself: started with jupyter_client, given trivial cells one after the other.

Prints as JSON how many seconds its start took, and all cells together.
"""

import json
import sys
import time

from jupyter_client.manager import start_new_kernel


def run(client, source):
    message = client.execute(source)
    while True:
        reply = client.get_iopub_msg(timeout=60)
        if reply["parent_header"].get("msg_id") != message:
            continue
        if reply["msg_type"] == "status" and reply["content"]["execution_state"] == "idle":
            break
    while client.get_shell_msg(timeout=60)["parent_header"].get("msg_id") != message:
        pass


cells = int(sys.argv[1])
begun = time.perf_counter()
manager, client = start_new_kernel(kernel_name="python3")
started = time.perf_counter()
for cell in range(cells):
    run(client, f"value = {cell}\nvalue")
ended = time.perf_counter()
client.stop_channels()
manager.shutdown_kernel(now=True)
print(json.dumps({"start": started - begun, "cells": ended - started}))
