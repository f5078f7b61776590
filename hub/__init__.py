"""What the hub is and can do. It knows no wire and no driver."""
