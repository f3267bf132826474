"""The verbs of the snowball, by the names under which other rooms call them."""

from __future__ import annotations

from engagement.referrals.joining import BadParticularsError
from engagement.referrals.links import (
    NotPassedOnError,
    called_for,
    find_forward_link,
    forward_link_for,
    forward_link_of,
    join_by_link,
    open_calls,
    request_questionnaire,
    team_link_for,
    team_link_of,
)
from engagement.referrals.nominations import (
    DecidedError,
    NotNominatedError,
    approve,
    decline,
    find_referral,
    list_referrals,
    may_nominate,
    nominate,
)
from engagement.referrals.partners import (
    BadPartnerError,
    BadReportError,
    add_partner,
    contact_of,
    find_partner,
    open_partner_page,
    partner_reported,
    partner_reported_in,
    partners_of,
    report_passed_on,
)
from engagement.referrals.revoking import NoSuchLinkError, revoke_link

__all__ = [
    "BadParticularsError",
    "BadPartnerError",
    "BadReportError",
    "DecidedError",
    "NoSuchLinkError",
    "NotNominatedError",
    "NotPassedOnError",
    "add_partner",
    "approve",
    "called_for",
    "contact_of",
    "decline",
    "find_forward_link",
    "find_partner",
    "find_referral",
    "forward_link_for",
    "forward_link_of",
    "join_by_link",
    "list_referrals",
    "may_nominate",
    "nominate",
    "open_calls",
    "open_partner_page",
    "partner_reported",
    "partner_reported_in",
    "partners_of",
    "report_passed_on",
    "request_questionnaire",
    "revoke_link",
    "team_link_for",
    "team_link_of",
]
