"""`python -m ops` is `kefu`."""

from ops.cli import main

main()
