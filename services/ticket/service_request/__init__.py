"""业务受理: what customers ask the department to do, its types a policy (T60); over and short shipment (T61)."""
