import { dirname, join } from "node:path/posix";
import ts from "typescript";
import type { Source } from "./sources.ts";

/**
 * Who may import whom: the table of the rooms in docs/architecture.md. Everything that isn't listed is forbidden, but for
 * a unit's own files. A unit is what one row's pattern matches: each function and each component is one of its own.
 */
interface Room {
  unit: RegExp;
  /** Paths in the repository. */
  rooms: RegExp;
  /** npm packages, and Node's own modules as `node:…`. */
  packages: RegExp;
}

const NOTHING = /^$/;
const ANYTHING = /^/;
const SHARED = /^(packages\/[\w-]+|workloads)\//;

const ROOMS: Room[] = [
  // The one program among the contracts: it writes their JSON Schemas.
  {
    unit: /^packages\/contracts\/src\/emit\.ts$/,
    rooms: /^packages\/contracts\//,
    packages: /^node:(fs|path)$/,
  },
  { unit: /^packages\/contracts\//, rooms: NOTHING, packages: /^zod$/ },
  {
    unit: /^packages\/ledger\//,
    rooms: /^packages\/contracts\//,
    packages: /^(@aws-sdk\/(client-dynamodb|lib-dynamodb|client-sfn)|zod|node:crypto)$/,
  },
  {
    unit: /^packages\/scoring\//,
    rooms: /^packages\/contracts\//,
    packages:
      /^(onnxruntime-node|csv-parse\/sync|tar-stream|node:(fs|fs\/promises|path|crypto|zlib|stream|stream\/promises|events|util))$/,
  },
  {
    unit: /^packages\/telemetry\//,
    rooms: /^packages\/contracts\//,
    packages: /^@aws-lambda-powertools\/(logger|metrics)$/,
  },
  {
    unit: /^packages\/objects\//,
    rooms: /^packages\/contracts\//,
    packages: /^(@aws-sdk\/client-s3|zod|node:crypto)$/,
  },
  {
    unit: /^packages\/fleet\//,
    rooms: /^packages\/contracts\//,
    packages: /^@aws-sdk\/client-cloudwatch$/,
  },
  {
    unit: /^packages\/scoring-client\//,
    rooms: /^packages\/contracts\//,
    packages: /^(@aws-sdk\/client-lambda|zod)$/,
  },
  {
    unit: /^packages\/http-api\//,
    rooms: /^packages\/contracts\//,
    packages: /^zod$/,
  },
  {
    unit: /^packages\/online\//,
    rooms: /^packages\/contracts\//,
    packages: /^@aws-sdk\/client-dynamodb$/,
  },
  {
    unit: /^packages\/tracking\//,
    rooms: /^packages\/contracts\//,
    packages: /^(@smithy\/(signature-v4|types)|tar-stream|zod|node:(crypto|util|zlib))$/,
  },
  // Written and built by programs that know the specs; what callers get knows nothing of this repository.
  {
    unit: /^packages\/client\/generate\//,
    rooms: /^(packages\/contracts|workloads)\//,
    packages: /^(typescript|node:(fs|path|url))$/,
  },
  // Only endpoint.ts needs the SDK: everything else runs in a browser, without Node.
  {
    unit: /^packages\/client\/src\/endpoint\.ts$/,
    rooms: /^packages\/client\/src\//,
    packages: /^@aws-sdk\/client-sagemaker-runtime$/,
  },
  { unit: /^packages\/client\/src\//, rooms: NOTHING, packages: NOTHING },
  { unit: /^packages\/statistics\//, rooms: /^packages\/contracts\//, packages: NOTHING },
  { unit: /^workloads\//, rooms: /^packages\/contracts\//, packages: NOTHING },
  {
    unit: /^functions\/[^/]+\//,
    rooms: SHARED,
    packages: /^(@aws-sdk\/|@aws-lambda-powertools\/|jose$|zod$|node:)/,
  },
  { unit: /^apps\/cli\//, rooms: SHARED, packages: /^(@aws-sdk\/|commander$|zod$|node:)/ },
  {
    unit: /^apps\/serving\//,
    rooms: SHARED,
    packages: /^(@aws-sdk\/|esbuild$|fastify$|zod$|node:)/,
  },
  {
    unit: /^infra\/components\/[^/]+\//,
    rooms: /^(packages\/contracts\/|infra\/(alarms|naming|policies)(\.ts$|\/))/,
    packages:
      /^(@pulumi\/|esbuild$|protobufjs$|tar-stream$|zod$|node:(fs|fs\/promises|path|url|crypto|zlib|stream|stream\/promises)$)/,
  },
  {
    unit: /^infra\/(?!components\/)/,
    rooms: /^(packages\/(contracts|http-api)\/|workloads\/|infra\/)/,
    packages: /^(@pulumi\/|zod$|node:(fs|path|url|crypto)$)/,
  },
  // What plays the caller measures what it was answered.
  {
    unit: /^local\/replay\//,
    rooms: /^(packages\/(contracts|statistics)\/|local\/)/,
    packages: /^(@aws-sdk\/|csv-parse\/sync$|node:)/,
  },
  {
    unit: /^local\//,
    rooms: /^(packages\/contracts\/|infra\/)/,
    packages:
      /^(@aws-sdk\/|@smithy\/|@pulumi\/pulumi|ajv$|aws-local-stepfunctions$|asl-validator$|@cloud-copilot\/|tar-stream$|yaml$|zod$|node:)/,
  },
  { unit: /^(test|bench)\//, rooms: ANYTHING, packages: ANYTHING },
  { unit: /^[^/]+\.config\.ts$/, rooms: NOTHING, packages: ANYTHING },
];

/** Where a workspace's package lies: `@perennial/contracts` in `packages/contracts/`. */
function workspaceFolder(specifier: string): string | undefined {
  const name = /^@perennial\/([^/]+)/.exec(specifier)?.[1];
  if (name === undefined) return undefined;
  if (["functions", "infra", "local", "workloads"].includes(name)) {
    return `${name}/${specifier.slice(`@perennial/${name}/`.length)}`;
  }
  return ["cli", "serving"].includes(name) ? `apps/${name}/` : `packages/${name}/`;
}

function isAllowed(path: string, specifier: string, room: Room): boolean {
  const target = specifier.startsWith(".")
    ? join(dirname(path), specifier)
    : (workspaceFolder(specifier) ?? undefined);
  if (target === undefined) return room.packages.test(specifier);
  // Two files belong to one unit when the room's pattern takes the same text of both: the same function, say.
  const own = room.unit.exec(path)?.[0];
  return room.unit.exec(target)?.[0] === own || room.rooms.test(target);
}

/** Every import that the table doesn't allow, and every file that lies in no room, as `path: what is wrong`. */
export function importFaults(sources: Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const room = ROOMS.find(({ unit }) => unit.test(path));
    if (room === undefined) return [`${path}: lies in no room of test/architecture/rooms.ts`];
    return ts
      .preProcessFile(text, true, true)
      .importedFiles.filter(({ fileName }) => !isAllowed(path, fileName, room))
      .map(({ fileName }) => `${path}: may not import ${fileName}`);
  });
}
