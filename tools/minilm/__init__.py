"""Makes the int8 artefact of all-MiniLM-L6-v2 that faqbot ships; see `python -m tools.minilm`."""
