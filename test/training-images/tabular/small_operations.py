"""What the small workload says of the time after a training: gate, serving, rollout, monitoring."""

from typing import Any

OPERATIONS: dict[str, Any] = {
    "examples": [{"grade": "high", "visits": 3}],
    "gate": {
        "primary": "rocAuc",
        "alpha": 0.05,
        "looks": 52,
        "replicates": 1000,
        "minRows": 10,
        "slices": {"columns": ["grade"], "minPerClass": 10, "margin": 0.02},
        "calibration": {"slope": [0.5, 2], "meanZ": 3},
        "budgets": {"scoreMicros": 500, "artifactMiB": 20},
    },
    "retraining": {
        "schedule": "cron(0 2 ? * SUN *)",
        "coolDownMinutes": 1,
        "dailyBudget": 10,
        "timeoutMinutes": 60,
    },
    "serving": {"mode": "realtime", "maxRecords": 100, "maxBodyKiB": 64, "capacity": None},
    "rollout": {
        "strategy": {"kind": "all-at-once"},
        "guards": {
            "minRequests": 20,
            "p99Millis": 500,
            "p99Ratio": 3,
            "refusedShare": 0.05,
            "meanShift": 0.5,
        },
        "probesPerMinute": 60,
    },
    "monitoring": {"capturePercent": 100, "driftedShare": 0.3},
}
