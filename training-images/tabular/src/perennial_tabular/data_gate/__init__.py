"""The data gate: what is asked of the data before anything is trained."""
