"""收单: orders come in, by HTTP and from the stream alike; books follow, and so does what waited for them (E3)."""
