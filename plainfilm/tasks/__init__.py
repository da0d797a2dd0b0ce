"""The tasks that come with this package; `plainfilm.task` finds them by their name."""
