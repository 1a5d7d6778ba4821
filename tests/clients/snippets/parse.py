"""Parses PowerShell from stdin; tells what does not parse, and the texts in quotes that nothing is put into."""

import json
import sys

import tree_sitter_powershell
from tree_sitter import Language, Parser


def nodes(node):
    """The node, and those in it."""
    yield node
    for child in node.children:
        yield from nodes(child)


tree = Parser(Language(tree_sitter_powershell.language())).parse(sys.stdin.buffer.read())
found = list(nodes(tree.root_node))
errors = [[node.start_point.row + 1, node.text.decode()] for node in found if node.is_error or node.is_missing]
texts = [node.text.decode() for node in found if node.type.startswith("verbatim_")]
print(json.dumps({"errors": errors, "texts": texts}))
