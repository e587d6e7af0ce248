"""Runs cells in the real Jupyter kernel of bash: JSON [cell, ...] in, JSON [standard output, ...] out."""

import json
import sys

from jupyter_client.manager import KernelManager

manager = KernelManager()
manager.kernel_spec.argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
manager.start_kernel()
client = manager.client()
client.start_channels()
try:
    client.wait_for_ready(timeout=60)
    outputs = []
    for cell in json.load(sys.stdin):
        texts = []

        def keep(message):
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])

        client.execute_interactive(cell, timeout=60, output_hook=keep)
        outputs.append("".join(texts))
    print(json.dumps(outputs))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
