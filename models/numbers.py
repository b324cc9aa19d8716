"""What a number tells of itself: its kind and its area. For learning only, so no number is refused."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

AREA_DIGITS = 3
"""Of the national number: the area code in North America, elsewhere the town or the mobile network, or near
it."""

_KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal_number",
    PhoneNumberType.TOLL_FREE: "toll_free",
}


@lru_cache(maxsize=16_384)
def kind_and_area(number: str) -> tuple[str, str]:
    """Kind (`mobile`, `fixed_line`, ..., `other`) and area (`+39 347`) of an E.164 number.

    Both are empty where the text is no number.
    """
    try:
        parsed = phonenumbers.parse(number[:20], None)
    except NumberParseException:
        return "", ""
    national = phonenumbers.national_significant_number(parsed)
    kind = _KINDS.get(phonenumbers.number_type(parsed), "other")
    return kind, f"+{parsed.country_code} {national[:AREA_DIGITS]}"
