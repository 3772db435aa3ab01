"""What was asked, how far it is, what came out; and the process that does the work."""
