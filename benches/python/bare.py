"""Flask alone: what Authlib is compared with."""

from flask import Flask

app = Flask(__name__)


@app.get("/page")
def page():
    return "Hello, Jane Doe"
