"""Route templates of HTTP functions, in the part of ASP.NET's grammar that function apps use.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from dev.host.errors import AppError

SEGMENT_SEPARATOR = re.compile(r"/(?![^{]*\})")
PARAMETER = re.compile(r"\{(?P<catch_all>\*{0,2})(?P<name>[A-Za-z_]\w*)(?P<constraints>:.+?)?(?P<optional>\?)?\}")
CONSTRAINT = re.compile(r":(?P<name>\w+)(?:\((?P<argument>(?:.*)(?=\)$)|[^()]*)\))?")
GUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)

Constraint = Callable[[str], bool]


def is_integer(bits: int) -> Constraint:
    """Tell whether a value is a .NET integer of this size."""
    limit = 1 << (bits - 1)
    digits = re.compile(r"\s*[+-]?[0-9]+\s*")
    return lambda value: digits.fullmatch(value) is not None and -limit <= int(value) < limit


def matches(pattern: str) -> Constraint:
    """Tell whether a value contains this pattern, whatever the case of its letters."""
    found = re.compile(pattern, re.IGNORECASE).search
    return lambda value: found(value) is not None


def constraint(name: str, argument: str | None) -> Constraint | None:
    """Return the constraint of this name, or None when it is not known here."""
    if name == "regex" and argument is not None:
        # A template doubles the braces that belong to the pattern.
        return matches(argument.replace("{{", "{").replace("}}", "}"))
    if argument is not None:
        return None
    known: dict[str, Constraint] = {
        "int": is_integer(32),
        "long": is_integer(64),
        "alpha": matches(r"\A[a-z]*\Z"),
        "bool": lambda value: value.strip().lower() in ("true", "false"),
        "guid": lambda value: GUID.fullmatch(value) is not None,
    }
    return known.get(name)


@dataclass(frozen=True, slots=True)
class Route:
    """A route template, ready to be matched against paths."""

    template: str
    pattern: re.Pattern[str]
    constraints: tuple[tuple[str, Constraint], ...]

    @property
    def is_literal(self) -> bool:
        """Whether the template matches exactly one path."""
        return self.pattern.groups == 0

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route parameters of a decoded path, or None when the route is not for it."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        if not self.pattern.groups:
            return {}
        parameters = {name: value for name, value in found.groupdict().items() if value is not None}
        allowed = all(accepts(parameters[name]) for name, accepts in self.constraints if name in parameters)
        return parameters if allowed else None


def parse(template: str) -> Route:
    """Read a route template; AppError says what in it is not understood."""
    pattern = ""
    constraints: list[tuple[str, Constraint]] = []
    names: set[str] = set()
    segments = SEGMENT_SEPARATOR.split(template.strip("/"))
    for position, segment in enumerate(segments, start=1):
        if "{" not in segment and "}" not in segment and segment:
            pattern += "/" + re.escape(segment)
            continue
        parameter = PARAMETER.fullmatch(segment)
        if parameter is None:
            raise AppError(f"the segment {segment!r} is neither plain text nor one parameter without a default")
        name = parameter["name"]
        if name.lower() in names:
            raise AppError(f"the parameter {name!r} is in it twice")
        names.add(name.lower())
        if (parameter["catch_all"] or parameter["optional"]) and position < len(segments):
            raise AppError(f"the optional parameter {name!r} is not in the last segment")
        if parameter["catch_all"]:
            pattern += f"(?:/(?P<{name}>.+))?"
        else:
            one = f"/(?P<{name}>[^/]+)"
            pattern += f"(?:{one})?" if parameter["optional"] else one
        constraints += [(name, accepts) for accepts in read_constraints(parameter["constraints"] or "")]
    return Route(template, re.compile(pattern + "/?", re.IGNORECASE | re.DOTALL), tuple(constraints))


def read_constraints(text: str) -> list[Constraint]:
    """Read the constraints of one parameter, such as `:int` or `:regex(^[0-9]+$)`."""
    accepted: list[Constraint] = []
    while text:
        found = CONSTRAINT.match(text)
        accepts = constraint(found["name"], found["argument"]) if found else None
        if found is None or accepts is None:
            raise AppError(f"the constraint {text[1:]!r} is not known here (int, long, bool, alpha, guid, regex are)")
        accepted.append(accepts)
        text = text[found.end() :]
    return accepted


def decode(path: str) -> str:
    """Decode a path as Kestrel does: everything but an encoded slash."""
    if "%" not in path:
        return path
    return "%2F".join(unquote(part) for part in re.split("%2[Ff]", path))
