"""Parameters of requests to the app."""

Fields = tuple[tuple[str, str], ...]
"""Parameters of a request, in order."""


def place_fields(side: str, number: str) -> Fields:
    """Return the parameters about a number's place; all but the country are blank, as usual."""
    country = "US" if number.startswith("+1") else ""
    return (*((side + place, "") for place in ("City", "State", "Zip")), (f"{side}Country", country))
