"""The stages of a diagnosis, each a module of its own; only `run` names them all."""
