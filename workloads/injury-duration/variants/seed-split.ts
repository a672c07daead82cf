import { defineWorkload } from "@perennial/contracts";
import { muscleInjury } from "../muscle-injury.ts";

export default defineWorkload({
  name: "injury-duration-seed-split",
  title: "Days out with a muscle injury, on the seed's split",
  description:
    "The same question on the split that published figures for this file use: holdout and audit are the 20 % of train_test_split(random_state=42).",
  ...muscleInjury,

  split: { by: "column", group: "Id", column: "seed_part" },
});
