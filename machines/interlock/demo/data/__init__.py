"""Package data of the demo: real orders and payments; NOTICE.md names their source and licence."""
