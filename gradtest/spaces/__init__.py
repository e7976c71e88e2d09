"""What a value is made of: arrays and their verbs, nested containers, domains."""
