"""The categories of the pillar Content."""
