"""What a form says of a field when nothing else was said: our words for everything that WTForms would say in its own.

WTForms asks for its English sentence and gets ours, in the language of the page, with numbers
as that language writes them.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from engagement.kernel.languages import current_language
from engagement.kernel.wording import number_words

TIME_WANTED = _l("Enter a time, such as 13:30.")
NUMBER_WANTED = _l("Enter a whole number.")
NOT_ON_THE_LIST = _l("Choose from the list.")
WORDS = {
    "This field is required.": _l("Fill in this field."),
    "Not a valid choice.": NOT_ON_THE_LIST,
    "Invalid Choice: could not coerce.": NOT_ON_THE_LIST,
    "Invalid choice(s): one or more data inputs could not be coerced.": NOT_ON_THE_LIST,
    "'%(value)s' is not a valid choice for this field.": NOT_ON_THE_LIST,
    "Invalid value, must be one of: %(values)s.": NOT_ON_THE_LIST,
    "Invalid value, can't be any of: %(values)s.": NOT_ON_THE_LIST,
    "Not a valid date value.": _l("Enter a date, such as 2026-12-08."),
    "Not a valid time value.": TIME_WANTED,
    "Not a valid integer value.": NUMBER_WANTED,
    "Not a valid decimal value.": _l("Enter a number."),
    "Not a valid float value.": _l("Enter a number."),
    "Number must be at least %(min)s.": _l("Enter a number of %(min)s or more."),
    "Number must be at most %(max)s.": _l("Enter a number of %(max)s or less."),
    "Number must be between %(min)s and %(max)s.": _l("Enter a number from %(min)s to %(max)s."),
    "Field must be at least %(min)d character long.": _l("Use at least %(min)s characters."),
    "Field cannot be longer than %(max)d character.": _l("Use at most %(max)s characters."),
    "Field must be exactly %(max)d character long.": _l("Use exactly %(max)s characters."),
    "Field must be between %(min)d and %(max)d characters long.": _l("Use %(min)s to %(max)s characters."),
    "Invalid email address.": _l("This is not a mail address."),
    "Invalid URL.": _l("Enter a web address, such as https://example.org."),
    "Invalid input.": _l("This cannot be read."),
}


class _Numbered(str):
    """A sentence into which numbers are put as the language of the page writes them."""

    __slots__ = ()

    def __mod__(self, values: object) -> str:
        if not isinstance(values, dict):
            return super().__mod__(values)
        shown = {name: number_words(value, current_language()) if type(value) in {int, float} else value for name, value in values.items()}
        return super().__mod__(shown)


class OwnWords:
    """Stands where WTForms looks for translations of its sentences. What is none of them, a name say, stays as it is."""

    def gettext(self, said: str) -> str:
        """Return our words for a sentence of WTForms."""
        return _Numbered(WORDS[said]) if said in WORDS else said

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return our words for a sentence that counts; ours read well with any number."""
        return _Numbered(WORDS[one]) if one in WORDS else (one if count == 1 else many)
