"""责任成本: what a case cost, and who pays it in the end (T29, T57)."""
