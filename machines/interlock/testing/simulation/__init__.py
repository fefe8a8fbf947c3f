"""Simulation: engines, their store and the world around them in one process and one seed."""
