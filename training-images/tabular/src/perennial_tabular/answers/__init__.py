"""
What a model answers with: raw scores made into calibrated probabilities, or a quantity with its interval.
"""
