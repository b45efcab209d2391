"""Settings from the environment and a `.env` file; all problems are reported at once."""
