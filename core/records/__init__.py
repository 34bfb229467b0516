"""The published types. Their JSON Schemas in `schemas/` are generated from here and normative.

Readers ignore fields they do not know; an absent optional field means unknown, never zero.
"""
