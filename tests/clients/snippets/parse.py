"""Parses code of languages whose compilers are large; tells what does not parse."""

import json
import sys

import tree_sitter_c_sharp
import tree_sitter_go
import tree_sitter_scala
from tree_sitter import Language, Parser

GRAMMARS = {"csharp": tree_sitter_c_sharp, "go": tree_sitter_go, "scala": tree_sitter_scala}


def errors(node):
    """The places that are no code of the language."""
    if node.is_error or node.is_missing:
        yield [node.start_point.row + 1, node.text.decode()]
    for child in node.children:
        yield from errors(child)


told = {}
for name, code in json.load(sys.stdin).items():
    tree = Parser(Language(GRAMMARS[name].language())).parse(code.encode())
    told[name] = {"errors": list(errors(tree.root_node)), "nodes": tree.root_node.descendant_count}
print(json.dumps(told))
