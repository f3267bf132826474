"""The pages of mail, shared by the files that each hold some of them."""

from __future__ import annotations

from flask import Blueprint

outreach = Blueprint("outreach", __name__)
