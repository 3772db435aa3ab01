"""Which models there are: what each is, where its files are, and which of them a person has added."""
