"""Forks: runs that begin at an instant of another run, and are given what that one recorded."""
