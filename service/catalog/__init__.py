"""The catalogue as a document: all that can be said about a shop, for people and for programs."""
