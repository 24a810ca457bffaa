"""Parameters of requests to the app."""

Fields = tuple[tuple[str, str], ...]
"""Parameters of a request, in their order."""


def place_fields(side: str, number: str) -> Fields:
    """Where a number is at home; all but the country is blank, as it mostly is."""
    country = "US" if number.startswith("+1") else ""
    return (*((side + place, "") for place in ("City", "State", "Zip")), (f"{side}Country", country))
