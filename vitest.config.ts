import { defineConfig } from "vitest/config";

// Two projects: `unit` is what one runs all day, `loop` boots the whole local cloud.
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/loop/**"],
          // Evaluating the whole program takes seconds, and several times as many where others are at work.
          testTimeout: 30_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: "loop",
          include: ["test/loop/**/*.test.ts"],
          // Two local clouds at a time: much of a loop is waiting, for a start, a bake time or a health check.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
