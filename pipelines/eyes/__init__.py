"""What a still holds: of which materials each place is, how far it is, and what its subject is."""
