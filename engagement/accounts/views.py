"""Signing in and out, and the page a signed-in person starts from."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from engagement.accounts.forms import SignInForm
from engagement.accounts.models import User
from engagement.accounts.service import SignedIn, demo_accounts, sign_in, sign_out, signed_in
from engagement.kernel.errors import DomainError
from engagement.kernel.policy import PUBLIC, SIGNED_IN, Policy
from engagement.kernel.redirects import safe_next

accounts = Blueprint("accounts", __name__)
POLICY: Policy = {"accounts.sign_in_page": PUBLIC, "accounts.sign_out_now": SIGNED_IN}
DEMO_PASSWORD = "consult-and-listen"  # noqa: S105 - shown on the page, for accounts that exist in trials only.

login_manager = LoginManager()


class SignedInUser(UserMixin):
    """The signed-in account as pages know it; its id in the cookie is the session's secret."""

    def __init__(self, held: SignedIn, secret: str) -> None:
        """Keep the account, its session and the secret."""
        self.account: User = held.user
        self.session_id = held.session.id
        self._secret = secret

    def get_id(self) -> str:
        """Return the secret that the signed cookie holds."""
        return self._secret


@login_manager.user_loader
def load_user(secret: str) -> SignedInUser | None:
    """Return whoever holds this session."""
    held = signed_in(secret)
    return SignedInUser(held, secret) if held else None


def current_account() -> User | None:
    """Return the account that is signed in, if one is."""
    return current_user.account if current_user.is_authenticated else None


@accounts.route("/sign-in", methods=["GET", "POST"])
def sign_in_page() -> Any:
    """Sign in, and go on to where the person wanted to be."""
    form = SignInForm()
    if form.validate_on_submit():
        try:
            secret = sign_in(email=form.email.data, password=form.password.data)
        except DomainError as error:
            form.refuse(error)
        else:
            return _enter(secret)
    shown = [] if current_app.config["SETTINGS"].production else demo_accounts()
    return render_template("accounts/sign_in.html", form=form, demo_accounts=shown, demo_password=DEMO_PASSWORD)


def _enter(secret: str) -> Response:
    session.clear()
    held = signed_in(secret)
    if held is not None:
        login_user(SignedInUser(held, secret))
    return redirect(safe_next(request.args.get("next"), url_for("consultations.index")))  # type: ignore[return-value]


@accounts.post("/sign-out")
def sign_out_now() -> Any:
    """End the session, on this machine and in the database."""
    sign_out(session_id=current_user.session_id)
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in_page"))
