"""A finished clip in other formats: written whole or not at all, and probed before it is offered."""
