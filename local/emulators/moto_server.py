"""Serves moto on a free port of the loopback address, says which, and ends when standard input closes."""

import logging
import os
import sys
import threading
import warnings

warnings.filterwarnings("ignore")
logging.getLogger("werkzeug").setLevel(logging.ERROR)

from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402


class KeepAlive(WSGIRequestHandler):
    """HTTP/1.1, so that the gateway doesn't open a connection for each request."""

    protocol_version = "HTTP/1.1"


def main() -> None:
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=KeepAlive,
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
