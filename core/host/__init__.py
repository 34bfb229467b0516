"""The host: finds plugins, judges them by the contract, and builds the registry."""
