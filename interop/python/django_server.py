"""Runs an OpenID Provider made with django-oauth-toolkit on loopback, for codegrant's interop tests.

    python django_server.py --port 0 --config '{"clients": [...], "users": [...]}'

One JSON line on stdout says that it answers: {"issuer": "http://127.0.0.1:PORT/o", "pid": 123}.
Everything else goes to stderr. It quits when its stdin closes. README.md lists the configuration.
"""

import argparse
import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
import threading

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--config", default="{}")
    arguments = arguments.parse_args()
    config = json.loads(arguments.config)
    clients, users = config.pop("clients"), config.pop("users")
    if config:
        sys.exit(f"django-oauth-toolkit: unknown configuration: {', '.join(config)}")

    # The issuer names the port, so the socket must exist before the provider does.
    listener = socket.create_server(("127.0.0.1", arguments.port))
    port = listener.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}/o"
    with tempfile.TemporaryDirectory() as folder:
        configure(issuer, f"{folder}/database")
        populate(clients, users)
        threading.Thread(target=quit_with_input, args=(folder,), daemon=True).start()

        from django.core.wsgi import get_wsgi_application
        from werkzeug.serving import make_server

        application = get_wsgi_application()
        server = make_server("127.0.0.1", port, application, threaded=True, fd=listener.fileno())
        print(json.dumps({"issuer": issuer, "pid": os.getpid()}), flush=True)
        server.serve_forever()


def configure(issuer: str, database: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    settings.configure(
        SECRET_KEY=secrets.token_hex(32),
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="django_site",
        LOGIN_URL="/login/",
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        INSTALLED_APPS=APPS,
        # The tables as they are today, without the seventy steps that led there.
        MIGRATION_MODULES={app.rpartition(".")[2]: None for app in APPS},
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                    ],
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {"registration/login.html": LOGIN_PAGE},
                        ),
                        "django.template.loaders.app_directories.Loader",
                    ],
                },
            }
        ],
        # The usual one takes a third of a second for every password.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        LOGGING={
            "version": 1,
            "handlers": {"stderr": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
        },
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": issuer,
            "OIDC_RSA_PRIVATE_KEY": pem.decode(),
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
            "OAUTH2_VALIDATOR_CLASS": "django_site.Validator",
            "PKCE_REQUIRED": True,
            "ROTATE_REFRESH_TOKEN": True,
            "REFRESH_TOKEN_REUSE_PROTECTION": True,
            "SCOPES": {
                "openid": "who you are",
                "profile": "your name",
                "email": "your address",
                "introspection": "ask about tokens",
            },
        },
    )
    django.setup()


APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "oauth2_provider",
]

LOGIN_PAGE = """<form method="post">{% csrf_token %}{{ form }}
<input type="hidden" name="next" value="{{ next }}"><button>Log in</button></form>"""


def populate(clients: list, users: list) -> None:
    """Makes the tables, the users and the clients."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0, run_syncdb=True)
    for members in users:
        User.objects.create_user(**members)
    for members in clients:
        Application.objects.create(**members)


def quit_with_input(folder: str) -> None:
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
