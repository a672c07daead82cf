import { join } from "node:path";
import { RealClock, type CloudClock } from "./clock.ts";
import { Bus } from "./events/bus.ts";
import { eventsService } from "./events/service.ts";
import { QueueSources } from "./functions/queue-sources.ts";
import { Functions } from "./functions/service.ts";
import { openGateway, type LocalGateway } from "./gateway/gateway.ts";
import type { Gateway } from "./gateway/interfaces.ts";
import type { HttpApis } from "./http-api/http-apis.ts";
import { openHttpApis } from "./http-api/open.ts";
import { Identity } from "./identity/identity.ts";
import { ServiceQuotas } from "./service-quotas.ts";
import { authorizeService } from "./service-access.ts";
import { countExecutions, measureQueues } from "./metric-feeds.ts";
import { openObjects } from "./objects.ts";
import { AlarmWatch } from "./monitoring/alarm-watch.ts";
import { Logs } from "./monitoring/logs.ts";
import { Metrics } from "./monitoring/metrics.ts";
import { monitoringService } from "./monitoring/service.ts";
import { accountOf, evaluate } from "./program/evaluate.ts";
import type { Account, RecordedResource } from "./program/resource.ts";
import type { Progress } from "./progress.ts";
import { readStack } from "./program/settings.ts";
import { createAll } from "./provider/index.ts";
import { openSageMaker, repositoryPrograms, type SageMaker } from "./sagemaker/sagemaker.ts";
import { TrackingApps } from "./sagemaker/tracking-apps.ts";
import { Workflows } from "./workflows/service.ts";

export interface CloudOptions {
  /** Root of the working copy. */
  repository: string;
  stateFolder: string;
  /** Stack whose settings the program is evaluated with. */
  stack: string;
  /** TCP port of the gateway on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Python that has moto and what the training image needs. */
  python: string;
  /** Settings over those of the stack, as text. */
  settings?: Record<string, string>;
  /** @default the machine's own time */
  clock?: CloudClock;
  onProgress?: Partial<Progress>;
}

const nothing = (): void => undefined;

/** The recorded program, running on one machine. */
export interface LocalCloud {
  readonly url: string;
  readonly account: Account;
  readonly resources: readonly RecordedResource[];
  readonly clock: CloudClock;
  readonly gateway: LocalGateway;
  readonly bus: Bus;
  readonly functions: Functions;
  readonly workflows: Workflows;
  readonly alarms: AlarmWatch;
  readonly metrics: Metrics;
  readonly logs: Logs;
  readonly quotas: ServiceQuotas;
  readonly sageMaker: SageMaker;
  readonly tracking: TrackingApps;
  readonly httpApis: HttpApis;
  /** Calls an API as the person at the machine. */
  call(service: string, action: string, input: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Reads an object of a bucket as the person at the machine. */
  read(uri: string): Promise<Buffer>;
  /** Stops everything; no process is left when it resolves. */
  close(): Promise<void>;
}

/**
 * Evaluates the program and brings up what it holds: with what an earlier run left in the state folder, or from nothing.
 *
 * @throws where the program, a port, Python or a resource stands in the way; nothing is left running then.
 */
export async function openCloud(options: CloudOptions): Promise<LocalCloud> {
  const { repository, stateFolder, python, port, clock = new RealClock() } = options;
  const progress: Progress = {
    step: nothing,
    warn: nothing,
    alert: nothing,
    state: nothing,
    line: nothing,
    event: nothing,
    ...options.onProgress,
  };
  const settings = readStack(repository, options.stack);
  Object.assign(settings.values, options.settings);
  const account = accountOf(settings);
  const identity = new Identity(account);
  const patience = (ms: number): number => clock.patience(ms);
  const opening = openGateway({ port, stateFolder, python, identity, patience });
  // Both take seconds and neither needs the other; a failure of one must not leave the other running.
  const [opened, evaluated] = await Promise.allSettled([opening, evaluate(repository, settings)]);
  if (opened.status === "rejected") throw opened.reason;
  const gateway = opened.value;
  if (evaluated.status === "rejected") {
    await gateway.close();
    throw evaluated.reason;
  }
  const { resources } = evaluated.value;
  progress.step(`the program was evaluated: ${resources.length} resources`);
  const cloud = assemble({ ...options, clock }, progress, gateway, account, resources);
  try {
    await cloud.create();
    return cloud;
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

function assemble(
  { clock, stateFolder, repository, python, port }: CloudOptions & { clock: CloudClock },
  progress: Progress,
  gateway: LocalGateway,
  account: Account,
  resources: readonly RecordedResource[],
): LocalCloud & { create(): Promise<void> } {
  const person = gateway.identity.callerWith("local");
  const call = async (service: string, action: string, input: Record<string, unknown>) =>
    ((await gateway.call(person, service, action, input)) ?? {}) as Record<string, unknown>;
  // Every alert passes here: only workflows and alarms publish, and both from inside this process.
  const callAs: Gateway["call"] = (as, service, action, input) => {
    if (service === "sns" && action === "Publish") {
      progress.alert(String(input["Subject"]), String(input["Message"]));
    }
    return gateway.call(as, service, action, input);
  };
  const authorize = (principal: string, action: string, resource: string, source: string): Promise<void> =>
    authorizeService(gateway.identity, { principal, action, resource, source });
  const putEvent = (event: Parameters<Bus["put"]>[0]): void => void bus.put(event);

  const metrics = new Metrics(() => clock.now());
  const logs = new Logs(join(stateFolder, "logs"), () => clock.now(), metrics.sink);
  logs.onLine(progress.line);
  const functions = new Functions({
    clock,
    call: callAs,
    credentialsFor: (role) => gateway.credentialsFor(role),
    endpoint: () => gateway.url,
    region: account.region,
    log: logs.sink,
    metric: metrics.sink,
    time: clock.share().buffer,
    folder: join(stateFolder, "functions"),
    warn: progress.warn,
  });
  const bus = new Bus({
    clock,
    call: callAs,
    invokeFunction: (arn, payload, source) => functions.accept(arn, payload, "events.amazonaws.com", source),
    authorize,
    ...account,
    warn: progress.warn,
  });
  bus.onEvent(progress.event);
  countExecutions(bus, metrics.sink);
  const alarms = new AlarmWatch({ clock, metrics, putEvent, call: callAs, authorize, warn: progress.warn });
  const workflows = new Workflows({
    clock,
    call: callAs,
    putEvent,
    folder: join(stateFolder, "executions"),
    onState: progress.state,
  });
  const tracking = new TrackingApps({
    python: join(repository, ".tracking/bin/python"),
    folder: join(stateFolder, "tracking"),
    port: Number(new URL(gateway.url).port) + 1,
    endpoint: () => gateway.url,
    region: account.region,
    credentialsFor: (role) => gateway.credentialsFor(role),
    warn: progress.warn,
  });
  const httpApis = openHttpApis({
    gateway,
    functions,
    gatewayPort: port,
    folder: stateFolder,
    now: () => clock.now(),
    log: logs.sink,
    metric: metrics.sink,
    warn: progress.warn,
  });
  const queueSources = new QueueSources({
    call: callAs,
    roleOf: (arn) => functions.roleOf(arn),
    invoke: (arn, payload) => functions.invoke(arn, payload),
    region: account.region,
    warn: progress.warn,
  });
  gateway.register("mlflow", tracking.handle);
  gateway.register("events", eventsService(bus));
  gateway.register("monitoring", monitoringService(metrics, alarms, account));
  const quotas = new ServiceQuotas(resources);
  gateway.register("servicequotas", quotas.handle);
  gateway.register("logs", logs.handle);
  gateway.register("lambda", functions.handle);
  gateway.register("states", workflows.handle);
  const sageMaker = openSageMaker({
    gateway,
    // Its waits are bake times, which are shortened like the waits of workflows.
    clock: { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(clock.patience(ms), signal) },
    events: putEvent,
    metrics: metrics.sink,
    logs: logs.sink,
    stateFolder,
    python,
    programOf: repositoryPrograms(repository, python),
  });
  const ending = new AbortController();
  const { s3, read } = openObjects(gateway.url, account.region);

  const create = async (): Promise<void> => {
    const surroundings = {
      account,
      identity: gateway.identity,
      functions,
      queueSources,
      tracking,
      httpApis,
      webAcls: new Map(),
      now: () => clock.now(),
      workflows,
      bus,
      alarms,
      s3,
      putEvent,
      call,
      codeFolder: join(stateFolder, "code"),
      say: progress.step,
    };
    const isServed = ({ type }: RecordedResource): boolean => type.startsWith("aws:sagemaker/");
    await createAll(
      resources.filter((resource) => !isServed(resource)),
      surroundings,
    );
    // What an earlier run left comes back before anything new is added to it.
    await sageMaker.resume();
    await createAll(resources.filter(isServed), surroundings);
    workflows.abortInterrupted();
    await httpApis.open();
    progress.step("what it holds was created");
    const queues = resources
      .filter(({ type }) => type === "aws:sqs/queue:Queue")
      .map(({ outputs }) => String(outputs["arn"]));
    queueSources.start();
    alarms.start();
    measureQueues(queues, call, clock, metrics.sink, ending.signal).catch((error: unknown) => {
      if (!ending.signal.aborted) progress.warn(`queues cannot be measured: ${(error as Error).message}`);
    });
  };
  const close = async (): Promise<void> => {
    ending.abort();
    await httpApis.close();
    bus.close();
    alarms.close();
    await workflows.close();
    // Asked to end before the functions are, which it may be waiting for.
    const sourcesEnded = queueSources.close();
    await functions.close();
    await sourcesEnded;
    await tracking.close();
    await sageMaker.close();
    s3.destroy();
    await gateway.close();
  };
  const parts = {
    clock,
    gateway,
    bus,
    functions,
    workflows,
    alarms,
    metrics,
    logs,
    quotas,
    sageMaker,
    tracking,
    httpApis,
    account,
    resources,
  };
  return { ...parts, url: gateway.url, call, read, create, close };
}
