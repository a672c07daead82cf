import { defineWorkload } from "@perennial/contracts";
import { muscleInjury } from "./muscle-injury.ts";

export default defineWorkload({
  name: "injury-duration",
  title: "Days out with a muscle injury",
  description:
    "Days until a footballer with a muscle injury can play again, 4 to 40, with an interval, answered after the examination.",
  ...muscleInjury,

  split: {
    by: "hash",
    group: "Id",
    salt: "perennial/injury-duration/2026",
    shares: { train: 0.6, validation: 0.08, calibration: 0.08, holdout: 0.12, audit: 0.12 },
  },
});
