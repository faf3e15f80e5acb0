"""Runs the OpenID Provider canaille on loopback, for codegrant's interop tests.

    python server.py --port 0 --config '{"clients": [...], "users": [...]}'

One JSON line on stdout says that it answers: {"issuer": "http://127.0.0.1:PORT", "pid": 123}.
Everything else goes to stderr. It quits when its stdin closes. README.md lists the configuration.
"""

import argparse
import json
import os
import secrets
import socket
import sys
import threading

# Before canaille is imported: it reads its settings from the environment too.
for name in [name for name in os.environ if name.startswith("CANAILLE")]:
    del os.environ[name]

from werkzeug.serving import make_server  # noqa: E402

from canaille import create_app  # noqa: E402
from canaille.app import models  # noqa: E402
from canaille.backends import Backend  # noqa: E402


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--config", default="{}")
    arguments = arguments.parse_args()
    settings = json.loads(arguments.config)
    clients, users = settings.pop("clients"), settings.pop("users")
    if settings:
        sys.exit(f"canaille: unknown configuration: {', '.join(settings)}")

    # The issuer names the port, so the socket must exist before the provider does.
    listener = socket.create_server(("127.0.0.1", arguments.port))
    port = listener.getsockname()[1]
    app = create_app(configuration(f"127.0.0.1:{port}"))
    populate(app, clients, users)
    # Where the parent writes nothing, the end of the pipe is the end of the parent.
    threading.Thread(target=quit_with_input, daemon=True).start()
    server = make_server("127.0.0.1", port, app, threaded=True, fd=listener.fileno())
    print(json.dumps({"issuer": f"http://127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    server.serve_forever()


def configuration(host: str) -> dict:
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "SERVER_NAME": host,
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {
            "DATABASE": "memory",
            "LANGUAGE": "en",
            "SMTP": None,
            "ACL": {"DEFAULT": {"PERMISSIONS": ["use_oidc", "edit_self"]}},
        },
        # Whoever serves on loopback trusts every client by default, and never asks for consent.
        "CANAILLE_OIDC": {"TRUSTED_DOMAINS": []},
    }


def populate(app, clients: list, users: list) -> None:
    """Makes the users and the clients; a client's tokens are for the client itself."""
    with app.app_context():
        for members in users:
            Backend.instance.save(models.User(**members))
        for members in clients:
            client = models.Client(**members)
            Backend.instance.save(client)
            client.audience = [client]
            Backend.instance.save(client)


def quit_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
