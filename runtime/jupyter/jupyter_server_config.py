"""What the Jupyter server that the runner starts does otherwise than others; the rest is in src/kernel/jupyter-config.ts."""

from jupyter_client.session import DELIM
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


c.ServerApp.kernel_websocket_connection_class = PromptChannels  # noqa: F821 (`c` is given by traitlets)
