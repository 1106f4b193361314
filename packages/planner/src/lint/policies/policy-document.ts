import { isPlainObject } from "../../manifests/schema/check-value.ts";

/** An IAM policy or trust document, wherever it was written. */
export interface PolicyDocument {
  readonly file: string;
  /** Where the object begins. */
  readonly line: number;
  readonly statements: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly line: number;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Services and federated providers of the Principal. */
  readonly services: readonly string[];
  readonly federated: readonly string[];
  /** `ArnLike` → `aws:SourceArn` → values; keys as written. */
  readonly conditions: readonly PolicyCondition[];
}

export interface PolicyCondition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** The policy of a JSON text; undefined when it is something else. `line` is that of the text's first line. */
export function policyDocument(
  text: string,
  { file, line }: { readonly file: string; readonly line: number },
): PolicyDocument | undefined {
  if (!/^\s*\{/.test(text) || !text.includes('"Statement"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isPlainObject(value)) return undefined;
  const list = listOf(value["Statement"]);
  const first = line + lineBreaks(/^\s*/.exec(text)?.[0] ?? "");
  const lines = statementLines(text, line);
  return {
    file,
    line: first,
    statements: list.filter(isPlainObject).map((statement, index) => statementOf(statement, lines[index] ?? first)),
  };
}

const lineBreaks = (text: string): number => text.split("\n").length - 1;
const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];
const textsOf = (value: unknown): readonly string[] => listOf(value).filter((one) => typeof one === "string");

function statementOf(statement: Readonly<Record<string, unknown>>, line: number): PolicyStatement {
  const principal = isPlainObject(statement["Principal"]) ? statement["Principal"] : {};
  const condition = isPlainObject(statement["Condition"]) ? statement["Condition"] : {};
  return {
    line,
    effect: String(statement["Effect"] ?? ""),
    actions: textsOf(statement["Action"]),
    resources: textsOf(statement["Resource"]),
    services: textsOf(principal["Service"]),
    federated: textsOf(principal["Federated"]),
    conditions: Object.entries(condition).flatMap(([operator, keys]) =>
      isPlainObject(keys)
        ? Object.entries(keys).map(([key, values]) => ({ operator, key, values: textsOf(values) }))
        : [],
    ),
  };
}

/** Lines of the objects two brackets deep: those of the list of statements. */
function statementLines(text: string, firstLine: number): readonly number[] {
  const lines: number[] = [];
  let depth = 0;
  let statementDepth: number | undefined;
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]]|\n/g;
  let line = firstLine;
  let lastKey = "";
  for (const [found] of text.matchAll(token)) {
    if (found === "\n") line += 1;
    else if (found.startsWith('"')) lastKey = found;
    else if (found === "{" || found === "[") {
      depth += 1;
      if (statementDepth === undefined && lastKey === '"Statement"') {
        statementDepth = found === "[" ? depth + 1 : depth;
        if (found === "{") lines.push(line);
      } else if (found === "{" && depth === statementDepth) lines.push(line);
    } else {
      depth -= 1;
      if (statementDepth !== undefined && depth < statementDepth - 1) break;
    }
  }
  return lines;
}
