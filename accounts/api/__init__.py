"""The door for programs: the same acts, lists and refusals as the pages, in JSON."""
