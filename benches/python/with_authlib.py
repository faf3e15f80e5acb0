"""Flask with Authlib.

After Authlib's own demo, flask-google-login: metadata discovered at the first login, the user in Flask's signed
session cookie. With PKCE, as its documentation says.
"""

import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session, url_for

app = Flask(__name__)
app.secret_key = "a secret of thirty-two characters"
oauth = OAuth(app)
oauth.register(
    name="provider",
    server_metadata_url=os.environ["ISSUER"].rstrip("/") + "/.well-known/openid-configuration",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)


@app.get("/page")
def page():
    user = session.get("user")
    if user is None:
        return redirect(url_for("login"))
    return f"Hello, {user.get('name', user['sub'])}"


@app.get("/login")
def login():
    return oauth.provider.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    token = oauth.provider.authorize_access_token()
    # The claims of the checked ID token; nothing is asked of the userinfo endpoint.
    session.clear()
    session["user"] = token["userinfo"]
    return redirect(url_for("page"))
