"""责任单位: at whose door a complaint can be laid, and who answers for it (X2)."""
