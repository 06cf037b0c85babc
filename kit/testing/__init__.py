"""What tests and the local stack are built with: real servers, and patience with a limit."""
