"""From a batch of shops to documents; `run` alone names all the stages."""
