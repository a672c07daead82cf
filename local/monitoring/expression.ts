/** What a metric math expression works on: a number, or nothing where there was no data. */
export type Point = number | undefined;

/** Works an expression out for one period, from the values of the queries that it names. */
export type Expression = (valueOf: (id: string) => Point) => Point;

const TOKEN = /\s*(\d+(?:\.\d+)?|[A-Za-z_]\w*|>=|<=|==|[-+*/(),<>])/y;

const ARITHMETIC: Record<string, (left: number, right: number) => number> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  ">": (left, right) => Number(left > right),
  ">=": (left, right) => Number(left >= right),
  "<": (left, right) => Number(left < right),
  "<=": (left, right) => Number(left <= right),
  "==": (left, right) => Number(left === right),
};
/** Weakest first. */
const PRECEDENCE: readonly (readonly string[])[] = [
  [">", ">=", "<", "<=", "=="],
  ["+", "-"],
  ["*", "/"],
];

/**
 * Understands CloudWatch's metric math as far as it is arithmetic: numbers, ids, `+ - * /`, comparisons, `IF(condition, then,
 * else)` and `FILL(id, number)`. Data that is missing makes a result missing, as does a division by zero.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 *
 * @throws where it says anything else.
 */
export function parseExpression(text: string): Expression {
  const tokens = tokensOf(text);
  let place = 0;
  const fail = (expected: string): Error => {
    const found = tokens[place] === undefined ? "its end" : JSON.stringify(tokens[place]);
    return new Error(`Expression ${JSON.stringify(text)}: expected ${expected}, found ${found}.`);
  };
  const take = (token: string): void => {
    if (tokens[place] !== token) throw fail(JSON.stringify(token));
    place += 1;
  };
  const binary = (level: number): Expression => {
    const operators = PRECEDENCE[level];
    if (operators === undefined) return operand();
    let left = binary(level + 1);
    for (;;) {
      const token = tokens[place] ?? "";
      const apply = ARITHMETIC[token];
      if (apply === undefined || !operators.includes(token)) return left;
      place += 1;
      left = combine(apply, left, binary(level + 1));
    }
  };
  const operand = (): Expression => {
    const token = tokens[place];
    if (token === undefined || /^[-+*/),<>=]/.test(token)) throw fail("a number, an id, IF(…) or FILL(…)");
    place += 1;
    if (token === "(") {
      const inner = binary(0);
      take(")");
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (tokens[place] !== "(") return (valueOf) => valueOf(token);
    return call(token);
  };
  const call = (name: string): Expression => {
    const inputs: Expression[] = [];
    do {
      place += 1;
      inputs.push(binary(0));
    } while (tokens[place] === ",");
    take(")");
    const [first, second, third] = inputs;
    if (name === "FILL" && first !== undefined && second !== undefined && third === undefined) {
      return (valueOf) => first(valueOf) ?? second(valueOf);
    }
    if (name === "IF" && first !== undefined && second !== undefined && third !== undefined) {
      return (valueOf) => {
        const condition = first(valueOf);
        return condition === undefined ? undefined : (condition === 0 ? third : second)(valueOf);
      };
    }
    throw new Error(
      `Expression ${JSON.stringify(text)}: ${name} of ${inputs.length} is not emulated; IF of 3 and FILL of 2 are.`,
    );
  };
  const whole = binary(0);
  if (place < tokens.length) throw fail("its end");
  return whole;
}

function combine(
  apply: (left: number, right: number) => number,
  left: Expression,
  right: Expression,
): Expression {
  return (valueOf) => {
    const [one, other] = [left(valueOf), right(valueOf)];
    if (one === undefined || other === undefined) return undefined;
    const result = apply(one, other);
    return Number.isFinite(result) ? result : undefined;
  };
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const trimmed = text.trimEnd();
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex;
    const [, token] = TOKEN.exec(trimmed) ?? [];
    if (token === undefined) {
      throw new Error(
        `Expression ${JSON.stringify(text)}: ${JSON.stringify(trimmed.slice(at))} is not emulated; arithmetic, comparisons, IF and FILL are.`,
      );
    }
    tokens.push(token);
  }
  return tokens;
}
