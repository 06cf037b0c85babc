"""What every service is built with. It knows no customer, no ticket and no staff member."""
