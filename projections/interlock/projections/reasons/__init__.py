"""What each kind of wait is explained by. All of it is pure: facts in, an answer out."""
