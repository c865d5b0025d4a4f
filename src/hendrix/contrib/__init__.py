"""What projects that used the old Hendrix import from here. Everything is a thin door to the rooms below."""
