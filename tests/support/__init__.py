"""What tests share: databases, the linting client, and rows to begin with."""
