"""What a Bicep file says, worked out without Azure: the grammar is a package's, the meaning is here.

It knows what infra/ uses and raises NotImplementedError for everything else. What only Azure knows, such as the host
that a new app gets, becomes a Runtime: text that names where it comes from.
https://learn.microsoft.com/azure/azure-resource-manager/bicep/file
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_bicep.language()))
SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555"
GROUP = f"{SUBSCRIPTION}/resourceGroups/the-group"
DEPLOYER = "44444444-3333-2222-1111-000000000000"
ESCAPES = {"\\'": "'", "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\$": "$"}


class Runtime(str):
    """Something that is known only once Azure has made it; reads as the way to it."""

    __slots__ = ()

    def member(self, name: str) -> Runtime:
        """Return a member of what is not known."""
        return Runtime(f"{self[:-1]}.{name}>")


def parse(source: str) -> Node:
    """Return the tree of a Bicep file; raises SyntaxError with the place of the first fault."""
    root = PARSER.parse(source.encode()).root_node
    for node in walk(root):
        if node.is_error or node.is_missing:
            raise SyntaxError(f"line {node.start_point.row + 1}: {text_of(node)!r}")
    return root


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def text_of(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode()


def field(node: Node, name: str) -> Node:
    """Return a child by the grammar's name for it."""
    found = node.child_by_field_name(name)
    assert found is not None, f"{node.type} without {name}: {text_of(node)}"
    return found


def parts(node: Node) -> list[Node]:
    """Return the children that mean something."""
    return [child for child in node.named_children if child.type != "comment"]


def unique_string(*seeds: str) -> str:
    """Return 13 of the characters that uniqueString makes, the same for the same seeds."""
    digest = hashlib.sha256("|".join(seeds).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def union(*values: Any) -> Any:
    """Merge objects; the last one wins."""
    merged: dict[str, Any] = {}
    for value in values:
        merged |= value
    return merged


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "concat": lambda *lists: [item for items in lists for item in items],
    "bool": lambda text: {"true": True, "false": False}[text],
    "deployer": lambda: {"objectId": DEPLOYER},
    "empty": lambda value: not value,
    "guid": lambda *seeds: str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(seeds))),
    "readEnvironmentVariable": lambda name, default=None: default,
    "resourceGroup": lambda: {"id": GROUP, "name": "the-group", "location": "westeurope"},
    "subscriptionResourceId": lambda kind, *names: f"{SUBSCRIPTION}/providers/{kind}/{'/'.join(names)}",
    "take": lambda value, count: value[:count],
    "tenant": lambda: {"tenantId": "99999999-8888-7777-6666-555555555555"},
    "union": union,
    "uniqueString": unique_string,
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    "&&": lambda left, right: left and right,
    "||": lambda left, right: left or right,
}


def evaluate(node: Node, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression; `names` holds parameters, variables, resources and modules."""
    match node.type:
        case "string":
            return text(node, names)
        case "number":
            return int(text_of(node))
        case "boolean":
            return text_of(node) == "true"
        case "identifier":
            return names[text_of(node)]
        case "array":
            return [evaluate(child, names) for child in parts(node)]
        case "object":
            return {key_of(pair, names): evaluate(parts(pair)[1], names) for pair in parts(node)}
        case "parenthesized_expression":
            return evaluate(parts(node)[0], names)
        case "unary_expression" if text_of(field(node, "operator")) == "!":
            return not evaluate(field(node, "argument"), names)
        case "binary_expression":
            operator = OPERATORS[text_of(field(node, "operator"))]
            return operator(evaluate(field(node, "left"), names), evaluate(field(node, "right"), names))
        case "ternary_expression":
            condition, then, otherwise = parts(node)
            return evaluate(then if evaluate(condition, names) else otherwise, names)
        case "member_expression":
            return member(evaluate(field(node, "object"), names), text_of(field(node, "property")))
        case "subscript_expression":
            return evaluate(field(node, "object"), names)[evaluate(field(node, "index"), names)]
        case "call_expression":
            arguments = [evaluate(child, names) for child in parts(field(node, "arguments"))]
            return function_named(text_of(field(node, "function")))(*arguments)
        case "for_statement":
            return [evaluate(body, inner) for body, inner in rounds(node, names)]
    raise NotImplementedError(f"{node.type}: {text_of(node)}")


def function_named(name: str) -> Callable[..., Any]:
    """Return what stands in for one of Bicep's functions."""
    if name not in FUNCTIONS:
        raise NotImplementedError(name)
    return FUNCTIONS[name]


def rounds(node: Node, names: Mapping[str, Any]) -> Iterator[tuple[Node, Mapping[str, Any]]]:
    """Yield a loop's body with the names that hold in each round."""
    _, items, body = parts(node)
    head = parts(node)[0]
    loop_names = [text_of(child) for child in parts(head)] if head.type == "for_loop_parameters" else [text_of(head)]
    for index, item in enumerate(evaluate(items, names)):
        yield body, ChainMap(dict(zip(loop_names, (item, index), strict=False)), names)  # type: ignore[arg-type]


def text(node: Node, names: Mapping[str, Any]) -> str:
    """Return the value of a string; one of several lines loses the line break that it begins with."""
    if text_of(node).startswith("'''"):
        return text_of(node)[3:-3].removeprefix("\r").removeprefix("\n")
    pieces: list[str] = []
    for child in parts(node):
        match child.type:
            case "string_content":
                pieces.append(text_of(child))
            case "escape_sequence":
                pieces.append(ESCAPES[text_of(child)])
            case "interpolation":
                pieces.append(str(evaluate(parts(child)[0], names)))
            case _:
                raise NotImplementedError(child.type)
    return "".join(pieces)


def key_of(pair: Node, names: Mapping[str, Any]) -> str:
    """Return the name of a property."""
    key = parts(pair)[0]
    return text(key, names) if key.type == "string" else text_of(key)


def member(value: Any, name: str) -> Any:
    """Return `value.name`."""
    return value[name] if isinstance(value, dict) else value.member(name)


def value_of(source: str, **names: Any) -> Any:
    """Return the value of one expression."""
    declaration = parse(f"var it = {source}\n").named_children[0]
    return evaluate(parts(declaration)[1], names)
