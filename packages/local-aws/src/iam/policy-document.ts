import { AwsError } from "../wire/aws-error.ts";

/** A statement with every one-or-many field as a list. */
export interface PolicyStatement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  /** Principal kind (`Service`, `AWS`, `Federated`) → values; `*` alone is AWS `*`. */
  readonly principals: ReadonlyMap<string, readonly string[]>;
  /** Operator → key → values. */
  readonly conditions: readonly PolicyCondition[];
  readonly hasPrincipal: boolean;
  readonly hasResource: boolean;
}

export interface PolicyCondition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** Parses a policy's JSON text. Throws MalformedPolicyDocument. */
export function parsePolicy(text: string): readonly PolicyStatement[] {
  const document = parseObject(text);
  const version = document["Version"];
  if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17")
    throw malformed("Policy document must be version 2012-10-17 or greater.");
  const statements = asList(document["Statement"]);
  if (statements.length === 0) throw malformed("Syntax errors in policy.");
  return statements.map(parseStatement);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed("This policy contains invalid Json");
  }
  if (!isObject(document)) throw malformed("Syntax errors in policy.");
  return document;
}

function parseStatement(value: unknown): PolicyStatement {
  if (!isObject(value)) throw malformed("Syntax errors in policy.");
  const effect = value["Effect"];
  if (effect !== "Allow" && effect !== "Deny") throw malformed("Syntax errors in policy.");
  const actions = texts(value["Action"] ?? value["NotAction"]);
  if (actions.length === 0) throw malformed("Policy statement must contain actions.");
  for (const action of actions)
    if (action !== "*" && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action))
      throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  return {
    effect,
    actions: value["Action"] === undefined ? [] : actions,
    principals: parsePrincipals(value["Principal"]),
    conditions: parseConditions(value["Condition"]),
    hasPrincipal: value["Principal"] !== undefined || value["NotPrincipal"] !== undefined,
    hasResource: value["Resource"] !== undefined || value["NotResource"] !== undefined,
  };
}

function parsePrincipals(value: unknown): ReadonlyMap<string, readonly string[]> {
  if (value === undefined) return new Map();
  if (value === "*") return new Map([["AWS", ["*"]]]);
  if (!isObject(value)) throw malformed("Syntax errors in policy.");
  return new Map(Object.entries(value).map(([kind, names]) => [kind, texts(names)]));
}

function parseConditions(value: unknown): PolicyCondition[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw malformed("Syntax errors in policy.");
  return Object.entries(value).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw malformed("Syntax errors in policy.");
    return Object.entries(keys).map(([key, values]) => ({ operator, key, values: texts(values) }));
  });
}

function texts(value: unknown): string[] {
  return asList(value).map((item) => {
    if (typeof item !== "string" && typeof item !== "boolean" && typeof item !== "number")
      throw malformed("Syntax errors in policy.");
    return String(item);
  });
}

function asList(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function malformed(message: string): AwsError {
  return new AwsError("MalformedPolicyDocument", message);
}
