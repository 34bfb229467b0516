"""The categories of the pillar Risk."""
