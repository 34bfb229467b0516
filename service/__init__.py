"""What people touch: the command line, rendering, the simulated marketplace."""
