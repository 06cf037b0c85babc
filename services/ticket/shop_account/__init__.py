"""店铺账号: the accounts by which a shop speaks to its buyers, who sits at each, an alarm where nobody does (T35)."""
