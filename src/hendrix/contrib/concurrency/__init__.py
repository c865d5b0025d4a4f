"""Messages to browsers and work beside requests, by the names of the old Hendrix."""
