"""`kefu demo`: real history comes in, a day of the desk is worked, a page tells a manager what came of it.

Everything goes through the gateway or the broker, as a shop's own programs would; nothing here knows a table.
"""
