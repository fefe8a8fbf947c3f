"""The store's backends: one folder entry per place where events can be kept."""
