"""E-mail: letters, the servers and folders that take them, and the book in which addresses are looked up."""
