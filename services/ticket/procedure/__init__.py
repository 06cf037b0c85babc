"""流程: checklists that stand on tickets; a required step that is open keeps its ticket from being solved (T53)."""
