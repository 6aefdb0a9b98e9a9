"""New facts: from a few words on the command line to Turtle that the shapes accept."""
