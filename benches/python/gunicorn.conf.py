"""How gunicorn serves: one process, and threads, without which it keeps no connection open."""

import os

bind = f"127.0.0.1:{os.environ['PORT']}"
workers = 1
threads = 4
loglevel = "warning"
