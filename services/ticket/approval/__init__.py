"""审批: who may let money go, up to which sum, and by how many eyes (T28, T56)."""
