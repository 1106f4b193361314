import { malformed, type PolicyCondition, type PolicyStatement, parsePolicy } from "./policy-document.ts";

/** Who asks for a role, and with what. */
export interface TrustRequest {
  readonly action: "sts:AssumeRole" | "sts:AssumeRoleWithWebIdentity" | "sts:TagSession";
  readonly principalKind: "Service" | "AWS" | "Federated";
  /** The principal and everything it also answers to, e.g. its account's root. */
  readonly principals: readonly string[];
  /** Condition keys → values; undefined: conditions are not judged. */
  readonly context: ReadonlyMap<string, string> | undefined;
}

/** Checks a role's trust policy as CreateRole does. Throws MalformedPolicyDocument. */
export function checkTrustPolicy(text: string): void {
  for (const statement of parsePolicy(text)) {
    if (statement.hasResource) throw malformed("Has prohibited field Resource");
    if (!statement.hasPrincipal) throw malformed("Missing required field Principal");
    for (const action of statement.actions)
      if (!/^(\*|sts:.+)$/.test(action)) throw malformed("AssumeRole policy may only specify STS AssumeRole actions.");
    for (const service of statement.principals.get("Service") ?? [])
      if (!/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(service))
        throw malformed(`Invalid principal in policy: "SERVICE":"${service}"`);
  }
}

/** Checks a permissions policy. Throws MalformedPolicyDocument. */
export function checkPermissionsPolicy(text: string): void {
  for (const statement of parsePolicy(text)) {
    if (statement.hasPrincipal) throw malformed("Policy document should not specify a principal.");
    if (!statement.hasResource) throw malformed("Policy statement must contain resources.");
  }
}

/** True if the policy allows the request: some statement allows it and none denies it. */
export function trustAllows(policy: string, request: TrustRequest): boolean {
  let allowed = false;
  for (const statement of parsePolicy(policy)) {
    if (!applies(statement, request)) continue;
    if (statement.effect === "Deny") return false;
    allowed = true;
  }
  return allowed;
}

function applies(statement: PolicyStatement, request: TrustRequest): boolean {
  const named = statement.principals.get(request.principalKind) ?? [];
  const { context } = request;
  return (
    named.some((name) => name === "*" || request.principals.includes(name)) &&
    statement.actions.some((action) => matches(action, request.action)) &&
    (context === undefined || statement.conditions.every((condition) => holds(condition, context)))
  );
}

/** String and ARN operators, the only ones trust policies of clusters use; any other operator does not hold. */
function holds(condition: PolicyCondition, context: ReadonlyMap<string, string>): boolean {
  const { operator, key, values } = condition;
  const name = operator.replace(/^For(AnyValue|AllValues):/, "").replace(/IfExists$/, "");
  const actual = contextValue(context, key);
  if (actual === undefined) return operator.endsWith("IfExists") || name.includes("Not");
  switch (name) {
    case "StringEquals":
      return values.includes(actual);
    case "StringNotEquals":
      return !values.includes(actual);
    case "StringEqualsIgnoreCase":
      return values.some((value) => value.toLowerCase() === actual.toLowerCase());
    case "StringLike":
    case "ArnLike":
    case "ArnEquals":
      return values.some((value) => matches(value, actual));
    case "StringNotLike":
    case "ArnNotLike":
    case "ArnNotEquals":
      return !values.some((value) => matches(value, actual));
    default:
      return false;
  }
}

/** Condition keys do not distinguish case. */
function contextValue(context: ReadonlyMap<string, string>, key: string): string | undefined {
  const wanted = key.toLowerCase();
  for (const [name, value] of context) if (name.toLowerCase() === wanted) return value;
  return undefined;
}

/** IAM's wildcards: `*` any characters, `?` one. Linear in both lengths, so that a stranger's pattern cannot stall the process. */
export function matches(pattern: string, text: string): boolean {
  let at = 0;
  let starAt = -1;
  let resumeAt = 0;
  let index = 0;
  while (index < text.length) {
    const wanted = pattern[at];
    if (wanted === "*") {
      starAt = at;
      resumeAt = index;
      at += 1;
    } else if (wanted !== undefined && (wanted === "?" || wanted === text[index])) {
      at += 1;
      index += 1;
    } else if (starAt >= 0) {
      at = starAt + 1;
      resumeAt += 1;
      index = resumeAt;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}
