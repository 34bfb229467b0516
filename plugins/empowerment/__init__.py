"""The categories of the pillar Empowerment."""
