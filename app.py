"""The program as servers and the ``flask`` command find it: one application, made from the environment."""

import os

from engagement import create_app

app = create_app()
# Whatever any part of the program writes from now on is private.
os.umask(app.config["SETTINGS"].umask)
