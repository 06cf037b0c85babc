"""视图: saved questions to the list of tickets, one's own or shared with a group or a shop (T5)."""
