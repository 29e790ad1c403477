"""What people check by hand before they blame DNS."""
