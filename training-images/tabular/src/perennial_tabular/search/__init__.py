"""Searching hyperparameters inside the job."""
