"""The command `shopace`, a module per subcommand."""
