"""Small changes that cosmic-ray does not make: a value that is None, a statement that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import ExprStmt, Name, ReturnStmt

Span = tuple[tuple[int, int], tuple[int, int]]


def span(node: Any) -> Span:
    return node.start_pos, node.end_pos


class ValueToNone(Operator):
    """Make what is returned, assigned or given by keyword None."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        value = self._value(node)
        if value is not None and value.get_code(include_prefix=False) != "None":
            yield span(value)

    def mutate(self, node: Any, index: int) -> Any:
        value = self._value(node)
        node.children[node.children.index(value)] = Name("None", value.start_pos, prefix=" ")
        return node

    @staticmethod
    def _value(node: Any) -> Any:
        if isinstance(node, ReturnStmt):
            return node.children[1] if len(node.children) > 1 else None
        if isinstance(node, ExprStmt):
            assigned = len(node.children) == 3 and node.children[1] == "="
            return node.children[2] if assigned else None
        keyword = node.type == "argument" and len(node.children) == 3 and node.children[1] == "="
        return node.children[2] if keyword else None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example("x = 1", "x = None"),
            Example("def f():\n    return 1", "def f():\n    return None"),
            Example("f(a=1)", "f(a= None)"),
        )


class RemoveStatement(Operator):
    """Leave out a statement that is there for its effect: a call, a yield, an augmented assignment."""

    KINDS = ("atom_expr", "yield_expr", "await_expr")

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        if node.type == "simple_stmt":
            statement = node.children[0]
            assigned = statement.type == "expr_stmt"
            augmented = assigned and getattr(statement.children[1], "value", "=") != "="
            if statement.type in self.KINDS or augmented:
                yield span(statement)

    def mutate(self, node: Any, index: int) -> Any:
        statement = node.children[0]
        prefix = statement.get_first_leaf().prefix
        node.children[0] = Name("pass", statement.start_pos, prefix=prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("lines.append(1)", "pass"), Example("x += 1", "pass"))
