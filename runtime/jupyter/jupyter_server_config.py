"""What the Jupyter server that the runner starts does otherwise than others; the rest is in src/kernel/jupyter-config.ts."""

import json
import os
import signal
import sys
from pathlib import Path

from jupyter_client.ioloop import AsyncIOLoopKernelRestarter
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.session import DELIM
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

# In characters. Small enough for JavaScript to throw it away cheaply.
PIECE = 64 * 1024


class PromptChannels(ZMQChannelsWebsocketConnection):
    """Sends what a kernel says at once, and to the runner all of it."""

    def connect(self):
        # Otherwise a cell that is waited for takes 40 ms more: small packets are held back until the ones before are
        # acknowledged, which takes as long.
        self.websocket_handler.set_nodelay(True)
        # A browser is protected from a kernel that prints without end. The runner, which is none, reads no faster than
        # it can write down, and must miss nothing.
        if "Origin" not in self.websocket_handler.request.headers:
            self.limit_rate = False
        return super().connect()

    def handle_outgoing_message(self, stream, outgoing_msg):
        for part in self._pieces(outgoing_msg):
            super().handle_outgoing_message(stream, part)

    def _pieces(self, message):
        """What a cell prints at once is one message, of 100 MB if need be; whoever reads it would need that several times."""
        start = message.index(DELIM) + 2
        header, content = message[start], message[start + 3]
        # In the older subprotocol the signature is checked on the way, which only the kernel could make anew.
        if len(content) <= PIECE or self.subprotocol != "v1.kernel.websocket.jupyter.org":
            return [message]
        if self.session.unpack(header)["msg_type"] != "stream":
            return [message]
        stream = self.session.unpack(content)
        text = stream["text"]
        return (
            [*message[: start + 3], self.session.pack({**stream, "text": text[at : at + PIECE]}), *message[start + 4 :]]
            for at in range(0, len(text), PIECE)
        )


# Written by src/kernel/kernel-limits.ts; read for each kernel, because this server outlives who has started it.
LIMITS = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "kernel-limits.json"
LIMITED = Path(__file__).resolve().parent.parent / "kernel" / "limited.py"
# What limited.py exits with.
EXCEEDED = 137


class LimitedKernels(KernelSpecManager):
    """Starts each kernel, also one of JupyterLab's, with the threads and under the memory that a kernel may have."""

    def get_kernel_spec(self, kernel_name):
        spec = super().get_kernel_spec(kernel_name)
        limits = json.loads(LIMITS.read_text()) if LIMITS.exists() else {}
        spec.env = {**spec.env, **limits.get("environment", {})}
        if "memoryMebibytes" in limits:
            program, *rest = spec.argv
            # As jupyter_client has it where the program comes first.
            if program in {"python", "python3", f"python{sys.version_info[0]}.{sys.version_info[1]}"}:
                program = sys.executable
            limited = [sys.executable, "-I", "-S", str(LIMITED), str(limits["memoryMebibytes"])]
            spec.argv = [*limited, program, *rest]
        return spec


class Coroner(AsyncIOLoopKernelRestarter):
    """Says why a kernel has died where that is known, before it is started again."""

    # How many processes were ended for want of memory when the kernel was last and second to last found alive.
    ended = (None, None)

    async def poll(self):
        manager = self.kernel_manager
        process = getattr(manager.provisioner, "process", None)
        code = process.poll() if process is not None else None
        count = ended_for_memory()
        if code == EXCEEDED:
            manager.cause_of_death = "memory-limit"
        elif code == -signal.SIGKILL and None not in (count, self.ended[0]) and count > self.ended[0]:
            manager.cause_of_death = "machine-memory"
        elif code is not None:
            manager.cause_of_death = None
        self.ended = (self.ended[1], count) if code is None else (None, None)
        await super().poll()


def ended_for_memory():
    """By the system, since its start: in our container where that counts, else on the whole machine."""
    for path in ("/sys/fs/cgroup/memory.events", "/proc/vmstat"):
        try:
            for line in Path(path).read_text().splitlines():
                name, value = line.split()
                if name == "oom_kill":
                    return int(value)
        except OSError:
            continue
    return None


class TellingKernels(AsyncMappingKernelManager):
    """Tells of a kernel why the one before it under this id has died."""

    def kernel_model(self, kernel_id):
        model = super().kernel_model(kernel_id)
        cause = getattr(self._kernels[kernel_id], "cause_of_death", None)
        return model if cause is None else {**model, "cause_of_death": cause}


c.ServerApp.kernel_websocket_connection_class = PromptChannels  # noqa: F821 (`c` is given by traitlets)
c.ServerApp.kernel_spec_manager_class = LimitedKernels  # noqa: F821
c.ServerApp.kernel_manager_class = TellingKernels  # noqa: F821
c.AsyncIOLoopKernelManager.restarter_class = Coroner  # noqa: F821

# Kernels and terminals inherit our environment, and this token opens all of them.
token = os.environ.pop("JUPYTER_TOKEN", None)
if token is not None:
    c.IdentityProvider.token = token  # noqa: F821
