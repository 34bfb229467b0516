"""The queue: thin actors that parse ids, call the pipeline and publish."""
