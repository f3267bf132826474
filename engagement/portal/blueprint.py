"""The blueprint that all pages behind a personal link belong to."""

from __future__ import annotations

from flask import Blueprint

portal = Blueprint("portal", __name__)
