"""The workloads' queries on Spark, for rows that outgrow one machine."""
