"""The categories of the pillar Assortment."""
