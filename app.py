"""The program as servers and the ``flask`` command find it: one application, made from the environment."""

from engagement import create_app

app = create_app()
