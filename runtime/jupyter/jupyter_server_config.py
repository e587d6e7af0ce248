"""What the Jupyter server that the runner starts does otherwise than others; the rest is in src/kernel/jupyter-config.ts."""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


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


c.ServerApp.kernel_websocket_connection_class = PromptChannels  # noqa: F821 (`c` is given by traitlets)
