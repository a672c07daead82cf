/** When an alarm rings that counts failures: at the first one, looked for every five minutes; silence is well. */
export const AT_FIRST_FAILURE = {
  statistic: "Sum",
  period: 300,
  evaluationPeriods: 1,
  comparisonOperator: "GreaterThanThreshold",
  threshold: 0,
  treatMissingData: "notBreaching",
} as const;
