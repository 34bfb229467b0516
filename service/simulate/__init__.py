"""A marketplace made up from a seed, to try everything without data of one's own."""
