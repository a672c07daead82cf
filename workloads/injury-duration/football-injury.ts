import type { WorkloadSpecInput } from "@perennial/contracts";
import { ILLNESSES } from "./illnesses.ts";
import { FREQUENT, INJURIES } from "./injuries.ts";

/** Words that say where the injury is and of what kind; a spelling of several words counts for each. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  hamstring: ["hamstring"],
  muscle: ["muscle", "muscular"],
  knee: ["knee"],
  ankle: ["ankle"],
  calf: ["calf"],
  thigh: ["thigh"],
  adductor: ["adductor"],
  shoulder: ["shoulder"],
  foot: ["foot"],
  groin: ["groin"],
  back: ["back", "lumb", "spine", "vertebra", "disc"],
  hip: ["hip"],
  toe: ["toe"],
  arm_or_hand: ["hand", "finger", "thumb", "wrist", "arm", "elbow"],
  head: ["head", "nose", "face", "facial", "jaw", "eye", "cheek", "concussion", "skull"],
  chest_or_neck: ["rib", "chest", "collarbone", "neck"],
  achilles: ["achilles"],
  metatarsal: ["metatarsal"],
  lower_leg: ["fibula", "tibia", "shin", "leg"],
  meniscus: ["meniscus"],
  cruciate: ["cruciate"],
  ligament: ["ligament"],
  syndesmosis: ["syndesmo"],
  patella: ["patellar"],
  pubis: ["pubic", "pubalgia"],
  tear: ["tear", "torn", "rupture"],
  fracture: ["broken", "fracture", "fissure", "crack"],
  surgery: ["surgery", "arthroscopy"],
  strain: ["strain", "stretch", "sprain"],
  bruise: ["bruise", "contusion", "knock", "dead leg"],
  problems: ["problems"],
  injury: ["injury"],
  inflammation: ["inflammation", "irritation", "tend"],
  fatigue: ["fatigue", "stiff", "sore", "contracture"],
  fiber: ["fiber"],
  bundle: ["bundle"],
  partial: ["partial"],
};

const days = { type: "integer", unit: "days", min: 0, max: 2000, withheldShare: 0 } as const;

export const columns: WorkloadSpecInput["source"]["columns"] = {
  player_id: {
    type: "code",
    description: "Player, by the source's number",
    pattern: String.raw`\d{1,6}`,
    required: true,
  },
  injury: {
    type: "category",
    description: "Injury as reported on its first days, in lower case",
    levels: [...INJURIES, ...ILLNESSES],
    required: true,
  },
  started: {
    type: "date",
    description: "First day out",
    min: "2010-01-01",
    max: "2099-12-31",
    required: true,
  },
  age: { type: "integer", description: "Age", unit: "years", min: 14, max: 50, required: true },
  position: {
    type: "category",
    description: "Position that the player usually plays in",
    levels: [
      "Goalkeeper",
      "Centre-Back",
      "Left-Back",
      "Right-Back",
      "Defensive Midfield",
      "Central Midfield",
      "Left Midfield",
      "Right Midfield",
      "Midfielder",
      "Attacking Midfield",
      "Left Winger",
      "Right Winger",
      "Second Striker",
      "Forward",
    ],
  },
  league: {
    type: "category",
    description: "League of the player's club",
    levels: ["Bundesliga", "La Liga", "Ligue 1", "Premier League", "Serie A"],
  },
};

export const derived: WorkloadSpecInput["derived"] = {
  last_day: {
    type: "integer",
    description: "Last day of the latest absence that had ended, in days since 1970-01-01",
    unit: "days",
    min: 0,
    max: 60_000,
    withheldShare: 0,
  },
  last_days: { ...days, description: "Length of the latest absence that had ended" },
  injuries_in_2_years: {
    type: "integer",
    description: "Absences that ended in the two years up to the latest one",
    unit: "absences",
    min: 0,
    max: 200,
    withheldShare: 0,
  },
  days_in_2_years: { ...days, description: "Days out over those absences", max: 5000 },
  longest_in_2_years: { ...days, description: "Length of the longest of those absences" },
};

export const features: WorkloadSpecInput["features"] = [
  ...Object.entries(WORDS).map(([name, words]) => ({
    kind: "indicator" as const,
    name: `about_${name}`,
    column: "injury",
    levels: INJURIES.filter((injury) => words.some((word) => injury.includes(word))),
  })),
  { kind: "oneHot", name: "injury", column: "injury", levels: FREQUENT },
  { kind: "number", name: "age", column: "age" },
  // 365.25 days: the day of the year, since summer breaks hide the end of an absence.
  { kind: "cycle", name: "day_of_year", column: "started", period: 365.25, offset: 0 },
  { kind: "indicator", name: "goalkeeper", column: "position", levels: ["Goalkeeper"] },
  {
    kind: "indicator",
    name: "defender",
    column: "position",
    levels: ["Centre-Back", "Left-Back", "Right-Back"],
  },
  {
    kind: "oneHot",
    name: "league",
    column: "league",
    levels: ["Bundesliga", "La Liga", "Ligue 1", "Premier League", "Serie A"],
  },
  { kind: "difference", name: "days_since_last", minuend: "started", subtrahend: "last_day" },
  { kind: "number", name: "last_days", column: "last_days" },
  { kind: "number", name: "injuries_in_2_years", column: "injuries_in_2_years" },
  { kind: "number", name: "days_in_2_years", column: "days_in_2_years" },
  { kind: "number", name: "longest_in_2_years", column: "longest_in_2_years" },
];
