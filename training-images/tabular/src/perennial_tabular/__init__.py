"""Processing and training jobs for tabular models: DuckDB features, XGBoost, one ONNX graph out."""
