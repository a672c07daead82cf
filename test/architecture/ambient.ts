import ts from "typescript";
import type { Source } from "./sources.ts";

/** Something that code can read without being given it, and the files that may. */
interface Ambient {
  what: string;
  in: RegExp;
  /** What is looked for in the file's syntax tree: comments and strings don't count. */
  isRead: (node: ts.Node) => boolean;
  except: RegExp;
}

const isMember = (node: ts.Node, object: string, member: RegExp) =>
  ts.isPropertyAccessExpression(node) &&
  ts.isIdentifier(node.expression) &&
  node.expression.text === object &&
  member.test(node.name.text);

// The published client has no program of ours around it: one of its files stands for where it runs.
const ENTRY_POINTS = /^(functions\/[^/]+\/index|packages\/client\/src\/surroundings)\.ts$/;

const AMBIENT: Ambient[] = [
  {
    what: "the environment",
    in: /^(packages|functions|apps|infra|local|workloads)\//,
    isRead: (node) =>
      isMember(node, "process", /^env$/) ||
      (ts.isStringLiteral(node) && ts.isImportDeclaration(node.parent) && node.text === "node:process"),
    except: /^(functions\/[^/]+\/index|apps\/[^/]+\/main|local\/main|infra\/config)\.ts$/,
  },
  {
    what: "the clock",
    // Time is handed to what decides; entry points and the local cloud's virtual clock read it.
    in: /^(packages|functions|infra|workloads)\//,
    isRead: (node) =>
      isMember(node, "Date", /^now$/) ||
      isMember(node, "performance", /^now$/) ||
      (ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length),
    except: ENTRY_POINTS,
  },
  {
    what: "chance",
    in: /^(packages|functions|infra|workloads)\//,
    isRead: (node) =>
      isMember(node, "Math", /^random$/) ||
      (ts.isCallExpression(node) && /(^|\.)random(UUID|Bytes|Int)$/.test(node.expression.getText())),
    except: ENTRY_POINTS,
  },
  {
    what: "the stack's settings",
    in: /^infra\//,
    isRead: (node) =>
      isMember(node, "pulumi", /^(Config|getStack|getProject|getOrganization)$/) ||
      (ts.isImportSpecifier(node) && /^(Config|getStack|getProject|getOrganization)$/.test(node.name.text)),
    except: /^infra\/config\.ts$/,
  },
];

function has(node: ts.Node, matches: (node: ts.Node) => boolean): boolean {
  return matches(node) || ts.forEachChild(node, (child) => has(child, matches) || undefined) === true;
}

/** What a file mentions that reads any of it: most mention nothing, and needn't be parsed. */
const MENTIONED = /process|Date|performance|Math|random|pulumi/;

/** Every file that reads environment, clock, chance or settings where it should be given them. */
export function ambientFaults(sources: Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const rules = AMBIENT.filter((rule) => rule.in.test(path) && !rule.except.test(path));
    if (rules.length === 0 || !MENTIONED.test(text)) return [];
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    return rules.filter(({ isRead }) => has(tree, isRead)).map(({ what }) => `${path}: reads ${what}`);
  });
}
