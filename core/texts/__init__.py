"""What the product says, in other languages: a catalogue per language and who reads it."""
