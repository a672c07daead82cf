import { join } from "node:path";
import { readSettings } from "./config.ts";
import { openDoors } from "./wiring/doors.ts";
import { serveModels } from "./wiring/endpoints.ts";
import { layFoundation } from "./wiring/foundation.ts";
import { bundles } from "./wiring/functions.ts";
import { openHttpApi } from "./wiring/http-api.ts";
import { keepModels } from "./wiring/models.ts";
import { publish } from "./wiring/publish.ts";
import { openStack } from "./wiring/stack.ts";
import { deploySteps } from "./wiring/steps.ts";
import { trackModels } from "./wiring/tracking.ts";
import { setTriggers } from "./wiring/triggers.ts";
import { deployWorkflows } from "./wiring/workflows.ts";
import { readWorkloads } from "./workloads.ts";

// The platform, in the order in which it stands on itself. `wiring/` says what is given to whom, `components/` what each
// part is.
const settings = readSettings();
const workloads = await readWorkloads(join(import.meta.dirname, "../workloads"), settings.workloads);
const stack = openStack(settings);
const code = bundles();

// What all workloads share: key, alerts, buckets, ledger, online states, images.
const foundation = layFoundation(stack, workloads);

// What is predicted: specs, data, registries, and a baseline that answers from the first day.
const models = await keepModels(stack, foundation, workloads);
const served = serveModels(stack, foundation, models);

// The loop: prepare, accept, train, evaluate, judge, describe, register; then roll out, verify, record.
const steps = deploySteps(stack, foundation, served, code);
const loops = deployWorkflows(stack, foundation, served, steps);

// What sets it in motion, one at a time.
const doors = openDoors(stack, foundation, loops, code);
setTriggers(stack, foundation, loops, doors);

// What is told of it afterwards, to whoever compares models.
const tracking = trackModels(stack, foundation, loops, code);

// How it is asked over HTTP, behind a firewall.
const httpApi = openHttpApi(stack, foundation, served, code);

// How to find it.
export const { platform, endpoints } = publish(stack, foundation, loops, tracking, httpApi);
