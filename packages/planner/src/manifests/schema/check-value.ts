import { compareQuantities, isQuantity } from "@nodeless/api";
import { closest } from "@nodeless/eks/spec";
import { type FieldType, type ObjectType, objectType } from "./notation.ts";

/** Names and positions from the document's root to a value. */
export type Path = readonly (string | number)[];

/** Where a check reports what is wrong. */
export type Report = (path: Path, message: string) => void;

type PlainObject = Readonly<Record<string, unknown>>;

export const isPlainObject = (value: unknown): value is PlainObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands there, for messages. Long texts are cut. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/**
 * Reads a value of a type: reports what does not belong there, leaves out nulls (the API server takes them for absent) and writes quantities
 * as text. Undefined when the value cannot be used. The value itself is not changed.
 */
function checkValue(value: unknown, type: FieldType, path: Path, report: Report): unknown {
  switch (type.kind) {
    case "any":
      return value;
    case "text":
      return typeof value === "string"
        ? value
        : refuse(path, report, `expected text, found ${describe(value)}${quoteHint(value)}`);
    case "bool":
      return typeof value === "boolean"
        ? value
        : refuse(path, report, `expected true or false, found ${describe(value)}`);
    case "int":
      return checkInteger(value, path, report);
    case "intOrText":
      return typeof value === "string" || Number.isInteger(value)
        ? value
        : refuse(path, report, `expected a whole number or text, found ${describe(value)}`);
    case "quantity":
      return checkQuantity(value, path, report);
    case "oneOf":
      return checkWord(value, type.words, path, report);
    case "list":
      return checkList(value, type.of, path, report);
    case "map":
      return checkMap(value, type.of, path, report);
    case "object":
      return checkObject(value, objectType(type.name), path, report);
  }
}

function refuse(path: Path, report: Report, message: string): undefined {
  report(path, message);
  return undefined;
}

/** A fraction is not repeated: 1.10 has become 1.1 by now. */
export function quoteHint(value: unknown): string {
  if (typeof value === "boolean" || Number.isInteger(value)) return `; put it in quotes: "${value}"`;
  return typeof value === "number" ? "; put it in quotes" : "";
}

function checkInteger(value: unknown, path: Path, report: Report): number | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  const hint = typeof value === "string" && /^-?\d+$/.test(value) ? "; remove the quotes" : "";
  return refuse(path, report, `expected a whole number, found ${describe(value)}${hint}`);
}

function checkQuantity(value: unknown, path: Path, report: Report): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string")
    return refuse(path, report, `expected a quantity such as 500m or 1Gi, found ${describe(value)}`);
  if (!isQuantity(text)) return refuse(path, report, `${describe(value)} is not a quantity${quantityHint(text)}`);
  if (compareQuantities(text, "0") < 0) return refuse(path, report, `${text} is negative; write 0 or more`);
  return text;
}

/** What people write instead of Kubernetes' suffixes. */
const SUFFIX_HINTS: ReadonlyMap<string, string> = new Map([
  ["kb", "k"],
  ["mb", "M"],
  ["gb", "G"],
  ["tb", "T"],
  ["kib", "Ki"],
  ["mib", "Mi"],
  ["gib", "Gi"],
  ["tib", "Ti"],
  ["ki", "Ki"],
  ["mi", "Mi"],
  ["gi", "Gi"],
  ["ti", "Ti"],
  ["g", "G"],
  ["t", "T"],
  ["p", "P"],
  ["e", "E"],
  ["b", ""],
  ["cpu", ""],
  ["core", ""],
  ["cores", ""],
  ["vcpu", ""],
  ["vcpus", ""],
  ["cpus", ""],
]);

function quantityHint(text: string): string {
  const match = /^([+-]?[\d.]+)\s*([A-Za-z]*)$/.exec(text.trim().replaceAll(",", ""));
  const [, number = "", suffix = ""] = match ?? [];
  const known = SUFFIX_HINTS.get(suffix.toLowerCase());
  for (const guess of [`${number}${suffix}`, ...(known === undefined ? [] : [`${number}${known}`])])
    if (guess !== text && isQuantity(guess)) return `; write ${guess}`;
  return "; write a number with a suffix, such as 250m, 0.5, 512Mi or 1Gi";
}

function checkWord(value: unknown, words: readonly string[], path: Path, report: Report): string | undefined {
  if (typeof value === "string" && words.includes(value)) return value;
  const shown = words.filter((word) => word !== "");
  const near = typeof value === "string" ? closest(value, shown) : undefined;
  return refuse(
    path,
    report,
    `expected ${shown.join(" or ")}, found ${describe(value)}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}

function checkList(value: unknown, of: FieldType, path: Path, report: Report): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return refuse(path, report, `expected a list, found ${describe(value)}`);
  return value.flatMap((item: unknown, index) => {
    const read = checkValue(item, of, [...path, index], report);
    return read === undefined || read === null ? [] : [read];
  });
}

function checkMap(value: unknown, of: FieldType, path: Path, report: Report): PlainObject | undefined {
  if (!isPlainObject(value)) return refuse(path, report, `expected a mapping, found ${describe(value)}`);
  const entries = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    if (item === null) return [[key, of.kind === "text" ? "" : "0"]];
    const read = checkValue(item, of, [...path, key], report);
    return read === undefined ? [] : [[key, read]];
  });
  return Object.fromEntries(entries);
}

/** A mapping with known fields. */
export function checkObject(value: unknown, type: ObjectType, path: Path, report: Report): PlainObject | undefined {
  if (!isPlainObject(value)) return refuse(path, report, `expected a mapping, found ${describe(value)}`);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const field = type.get(key);
    if (field === undefined) report([...path, key], unknownField(key, type));
    else if (item !== null && item !== undefined) {
      const read = checkValue(item, field.type, [...path, key], report);
      if (read !== undefined) result[key] = read;
    }
  }
  for (const [key, { required, type: of }] of type)
    if (required && (value[key] === undefined || value[key] === null))
      report([...path, key], `required; ${requiredHint(of)}`);
  return result;
}

const requiredHint = (type: FieldType): string =>
  type.kind === "oneOf" ? `write ${type.words.filter((word) => word !== "").join(" or ")}` : "add it";

/** Beyond this, listing all known fields helps nobody. */
const FIELDS_LISTED_MAX = 12;

/** Fields that stand one level too high or too low: found in the first type, they belong to the second. */
const MISPLACED: readonly { readonly in: string; readonly of: string; readonly place: string }[] = [
  { in: "Container", of: "PodSpec", place: "the pod's spec, beside containers" },
  { in: "PodSpec", of: "Container", place: "a container" },
  { in: "DeploymentSpec", of: "PodSpec", place: "spec.template.spec" },
  { in: "StatefulSetSpec", of: "PodSpec", place: "spec.template.spec" },
  { in: "DaemonSetSpec", of: "PodSpec", place: "spec.template.spec" },
  { in: "JobSpec", of: "PodSpec", place: "spec.template.spec" },
  { in: "CronJobSpec", of: "JobSpec", place: "spec.jobTemplate.spec" },
];

function unknownField(key: string, type: ObjectType): string {
  const belongs = MISPLACED.find((one) => objectType(one.in) === type && objectType(one.of).has(key));
  if (belongs !== undefined) return `unknown field here; it belongs to ${belongs.place}`;
  const near = closest(key, [...type.keys()]);
  if (near !== undefined) return `unknown field; did you mean ${JSON.stringify(near)}?`;
  return type.size <= FIELDS_LISTED_MAX
    ? `unknown field; known fields here are ${[...type.keys()].join(", ")}`
    : "unknown field; remove it, or put it where it belongs";
}

/** `spec.containers[0].resources.requests[nvidia.com/gpu]` */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path)
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z0-9_-]+$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${step}]`;
  return text;
}
