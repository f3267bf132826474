"""What strangers type, checked in a form by the rules of the verbs, so that all that is wrong is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from email_validator import EmailNotValidError, validate_email
from wtforms.validators import ValidationError

from engagement.kernel.languages import current_language
from engagement.referrals.names import NO_ADDRESS, NO_NAME, may_be_a_name

if TYPE_CHECKING:
    from engagement.kernel.bilingual import Text


class AName:
    """Validator: somebody may be called so."""

    def __call__(self, form: Any, field: Any) -> None:  # noqa: ARG002
        """Refuse what is no name."""
        if not may_be_a_name(field.data or ""):
            raise ValidationError(NO_NAME.in_(current_language()))


class AnAddress:
    """Validator: mail can be written to it."""

    def __call__(self, form: Any, field: Any) -> None:  # noqa: ARG002
        """Refuse what is no address."""
        try:
            validate_email(field.data or "", check_deliverability=False)
        except EmailNotValidError:
            raise ValidationError(NO_ADDRESS.in_(current_language())) from None


class Ticked:
    """Validator: a box must be ticked, for a reason that is said."""

    def __init__(self, said: Text) -> None:
        """Keep what is said where it is not."""
        self.said = said

    def __call__(self, form: Any, field: Any) -> None:  # noqa: ARG002
        """Refuse a box that is not ticked."""
        if not field.data:
            raise ValidationError(self.said.in_(current_language()))
