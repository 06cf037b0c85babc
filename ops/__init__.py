"""The `kefu` command: the local stack and the tools of whoever runs Kefu."""
