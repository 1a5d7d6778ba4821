"""An import contract that import-linter lacks: a room may use these packages outside the project, and no others."""

from __future__ import annotations

import sys
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """Modules import the standard library, the project and the packages in ``allowed``.

    A list of what is allowed cannot forget a package that nobody thought of; a list of what is forbidden does.
    """

    type_name = "only"

    modules = fields.ListField(subfield=fields.StringField())
    allowed = fields.SetField(subfield=fields.StringField(), required=False, default=frozenset())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the imports of packages that are neither allowed nor in the standard library."""
        modules = cast("list[str]", self.modules)
        project = {name.partition(".")[0] for name in modules}
        allowed = sys.stdlib_module_names | project | self._allowed
        strangers = sorted(
            f"{importer} imports {imported}"
            for module in modules
            for importer in {module, *graph.find_descendants(module)}
            for imported in graph.find_modules_directly_imported_by(importer)
            if imported.partition(".")[0] not in allowed
        )
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say which module imports what it may not."""
        for sentence in check.metadata["strangers"]:
            output.print_error(f"- {sentence}")
        output.new_line()
        output.print(f"Allowed here: the standard library, {', '.join(sorted(self._allowed)) or 'and nothing else'}.")

    @property
    def _allowed(self) -> set[str]:
        return set(cast("set[str]", self.allowed))
