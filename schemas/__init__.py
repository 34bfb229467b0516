"""JSON Schemas of every public document, generated from the records."""
