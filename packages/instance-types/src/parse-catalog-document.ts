import {
  compareQuantities,
  isLabelValue,
  isQualifiedName,
  isQuantity,
  LABELS,
  normalizedLabelKey,
  parseMilli,
  parseUnits,
} from "@nodeless/api";
import type { CapacityType, InstanceType, Offering, Requirement } from "@nodeless/scheduling";
import type { Catalog } from "./catalog-document.ts";
import { CatalogProblems, InvalidCatalogError, join, shorten } from "./catalog-problems.ts";

/** The largest built-in region is a twentieth of this. */
const TEXT_CHARACTERS_MAX = 100_000_000;
const INSTANCE_TYPES_MAX = 20_000;
const OFFERINGS_MAX = 1_000;
const LABELS_MAX = 500;
const RESOURCES_MAX = 100;
const SENTENCES_MAX = 20;
/** Nothing costs a million dollars an hour. */
const USD_PER_HOUR_MAX = 1e6;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:?\d{2})?)?$/;
/** Without them nothing fits on a node. */
const NEEDED = ["cpu", "memory", "pods"];
const CAPACITY_TYPES: readonly string[] = ["spot", "on-demand", "reserved"] satisfies readonly CapacityType[];

/**
 * Reads a catalogue document. Every label is one value; a label that a type lacks is unknown unless `absentLabels` lists it; overhead is taken as
 * it stands; capacity is rounded down and overhead up to whole millicores, bytes and counts. Throws InvalidCatalogError with every problem
 * and its path.
 */
export function parseCatalogDocument(text: string, file: string): Catalog {
  const problems = new CatalogProblems();
  const catalog = readCatalog(parseJson(text, file), problems);
  if (catalog === undefined || problems.list.length > 0) throw new InvalidCatalogError(file, problems.list);
  return catalog;
}

function parseJson(text: string, file: string): unknown {
  if (text.length > TEXT_CHARACTERS_MAX)
    throw new InvalidCatalogError(file, [
      { path: "", message: `is larger than a catalogue can be (${TEXT_CHARACTERS_MAX} characters)` },
    ]);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidCatalogError(file, [{ path: "", message: `is not JSON: ${(error as Error).message}` }]);
  }
}

function readCatalog(value: unknown, problems: CatalogProblems): Catalog | undefined {
  const fields = problems.object(value, "", {
    required: ["date", "region", "instanceTypes"],
    optional: ["absentLabels", "exactness"],
  });
  if (fields === undefined) return undefined;
  const given = (key: string, otherwise: unknown): unknown => fieldOr(fields, key, otherwise);
  const date = fields.has("date") ? problems.text(fields.get("date"), "date") : undefined;
  if (date !== undefined && !ISO_DATE.test(date))
    problems.add("date", `must be a date such as 2026-08-06, not ${date}`);
  const region = fields.has("region") ? problems.text(fields.get("region"), "region") : undefined;
  const absent = readTexts(given("absentLabels", []), { path: "absentLabels", max: LABELS_MAX }, problems);
  const exactness = readTexts(given("exactness", []), { path: "exactness", max: SENTENCES_MAX }, problems);
  const estimates = new Set<string>();
  const instanceTypes = readTypes(given("instanceTypes", []), { absent, estimates }, problems);
  if (date === undefined || region === undefined) return undefined;
  const isEstimate = (instanceType: string, capacityType: string): boolean =>
    estimates.has(estimateKey(instanceType, capacityType));
  return { date, region, instanceTypes, exactness, isEstimate };
}

/** What stands there, null included; a field that is missing has been complained about if it is required. */
function fieldOr(fields: ReadonlyMap<string, unknown>, key: string, otherwise: unknown): unknown {
  return fields.has(key) ? fields.get(key) : otherwise;
}

function estimateKey(instanceType: string, capacityType: string): string {
  return `${instanceType}/${capacityType}`;
}

function readTexts(
  value: unknown,
  { path, max }: { readonly path: string; readonly max: number },
  problems: CatalogProblems,
): readonly string[] {
  return (problems.items(value, path, max) ?? []).flatMap(
    (one, index) => problems.text(one, `${path}[${index}]`) ?? [],
  );
}

interface TypeContext {
  readonly absent: readonly string[];
  /** Filled on the way: {@link estimateKey} of prices that are not published ones. */
  readonly estimates: Set<string>;
}

function readTypes(value: unknown, context: TypeContext, problems: CatalogProblems): readonly InstanceType[] {
  const names = new Set<string>();
  return (problems.items(value, "instanceTypes", INSTANCE_TYPES_MAX) ?? []).flatMap((one, index) => {
    const path = `instanceTypes[${index}]`;
    const type = readType(one, path, { ...context, problems });
    if (type === undefined) return [];
    if (names.has(type.name)) problems.add(`${path}.name`, `${type.name} stands twice in the catalogue`);
    names.add(type.name);
    return [type];
  });
}

function readType(
  value: unknown,
  path: string,
  context: TypeContext & { readonly problems: CatalogProblems },
): InstanceType | undefined {
  const { problems, absent, estimates } = context;
  const fields = problems.object(value, path, {
    required: ["name", "labels", "capacity", "offerings"],
    optional: ["overhead"],
  });
  const name = fields?.has("name") === true ? problems.text(fields.get("name"), `${path}.name`) : undefined;
  if (fields === undefined || name === undefined) return undefined;
  const given = (key: string, otherwise: unknown): unknown => fieldOr(fields, key, otherwise);
  const requirements = readLabels(given("labels", {}), { path: `${path}.labels`, name, absent }, problems);
  const capacity = readAmounts(given("capacity", {}), { path: `${path}.capacity`, required: NEEDED }, problems);
  const overhead = readAmounts(given("overhead", {}), { path: `${path}.overhead`, roundUp: true }, problems);
  const offerings = readOfferings(given("offerings", []), `${path}.offerings`, problems);
  for (const { offering, isEstimate } of offerings)
    if (isEstimate) estimates.add(estimateKey(name, offering.capacityType));
  return { name, requirements, offerings: offerings.map(({ offering }) => offering), capacity, overhead };
}

function readLabels(
  value: unknown,
  { path, name, absent }: { readonly path: string; readonly name: string; readonly absent: readonly string[] },
  problems: CatalogProblems,
): ReadonlyMap<string, Requirement> {
  const requirements = new Map<string, Requirement>();
  for (const [written, label] of problems.entries(value, path, LABELS_MAX) ?? []) {
    const at = join(path, written);
    if (!isQualifiedName(written)) problems.add(at, "is not a label key");
    if (typeof label !== "string" || !isLabelValue(label)) {
      problems.add(at, `must be one label value as text, not ${shorten(JSON.stringify(label))}`);
      continue;
    }
    const key = normalizedLabelKey(written);
    const other = requirements.get(key);
    if (other !== undefined && !other.values.has(label))
      problems.add(at, `is ${label}, but ${key} has another value: they are the same label`);
    requirements.set(key, { key, complement: false, values: new Set([label]) });
  }
  const named = requirements.get(LABELS.instanceType);
  if (named === undefined) requirements.set(LABELS.instanceType, labelled(LABELS.instanceType, [name]));
  else if (!named.values.has(name)) problems.add(join(path, LABELS.instanceType), `must be the type's name, ${name}`);
  for (const key of absent.map(normalizedLabelKey))
    if (!requirements.has(key)) requirements.set(key, labelled(key, []));
  return requirements;
}

function labelled(key: string, values: readonly string[]): Requirement {
  return { key, complement: false, values: new Set(values) };
}

function readAmounts(
  value: unknown,
  how: { readonly path: string; readonly required?: readonly string[]; readonly roundUp?: boolean },
  problems: CatalogProblems,
): ReadonlyMap<string, number> {
  const { path, required = [], roundUp = false } = how;
  const amounts = new Map<string, number>();
  const entries = problems.entries(value, path, RESOURCES_MAX);
  for (const resource of required)
    if (entries?.has(resource) === false) problems.add(join(path, resource), "is missing");
  for (const [resource, quantity] of entries ?? []) {
    const at = join(path, resource);
    if (!isQualifiedName(resource)) problems.add(at, "is not a resource name");
    const text = typeof quantity === "number" ? String(quantity) : quantity;
    if (typeof text !== "string" || !isQuantity(text)) {
      problems.add(at, `must be a quantity such as 250m or 2Gi, not ${shorten(JSON.stringify(quantity))}`);
      continue;
    }
    const amount = amountOf(resource, text, roundUp);
    if (amount < 0) problems.add(at, `must not be negative: ${text}`);
    else if (amount > Number.MAX_SAFE_INTEGER) problems.add(at, `is more than any machine has: ${text}`);
    else amounts.set(resource, amount);
  }
  return amounts;
}

/** Millicores, bytes or a count. */
function amountOf(resource: string, text: string, roundUp: boolean): number {
  const milli = resource === "cpu";
  const amount = milli ? parseMilli(text) : parseUnits(text);
  if (roundUp || amount > Number.MAX_SAFE_INTEGER) return amount;
  return compareQuantities(text, milli ? `${amount}m` : String(amount)) < 0 ? amount - 1 : amount;
}

interface ReadOffering {
  readonly offering: Offering;
  readonly isEstimate: boolean;
}

function readOfferings(value: unknown, path: string, problems: CatalogProblems): readonly ReadOffering[] {
  const seen = new Set<string>();
  return (problems.items(value, path, OFFERINGS_MAX) ?? []).flatMap((one, index) => {
    const at = `${path}[${index}]`;
    const read = readOffering(one, at, problems);
    if (read === undefined) return [];
    const { zone, capacityType } = read.offering;
    if (capacityType !== "reserved" && seen.has(`${capacityType}/${zone}`))
      problems.add(at, `${capacityType} in ${zone} stands twice`);
    seen.add(`${capacityType}/${zone}`);
    return [read];
  });
}

function readOffering(value: unknown, path: string, problems: CatalogProblems): ReadOffering | undefined {
  const fields = problems.object(value, path, {
    required: ["zone", "capacityType", "usdPerHour"],
    optional: ["zoneId", "available", "estimate"],
  });
  if (fields === undefined) return undefined;
  const zone = fields.has("zone") ? problems.text(fields.get("zone"), `${path}.zone`) : undefined;
  const zoneId = fields.has("zoneId") ? problems.text(fields.get("zoneId"), `${path}.zoneId`) : undefined;
  const capacityType = fields.get("capacityType");
  const usd = fields.get("usdPerHour");
  const available = problems.flag(fieldOr(fields, "available", true), `${path}.available`);
  const isEstimate = problems.flag(fieldOr(fields, "estimate", false), `${path}.estimate`) === true;
  const knownType = fields.has("capacityType") && isCapacityType(capacityType);
  if (fields.has("capacityType") && !knownType)
    problems.add(
      `${path}.capacityType`,
      `must be spot, on-demand or reserved, not ${shorten(JSON.stringify(capacityType))}`,
    );
  const knownPrice = typeof usd === "number" && usd >= 0 && usd <= USD_PER_HOUR_MAX;
  if (fields.has("usdPerHour") && !knownPrice)
    problems.add(
      `${path}.usdPerHour`,
      `must be a number from 0 to ${USD_PER_HOUR_MAX}, not ${typeof usd === "number" ? usd : shorten(JSON.stringify(usd))}`,
    );
  if (zone === undefined || available === undefined || !knownType || !knownPrice) return undefined;
  const id = zoneId !== undefined && { zoneId };
  return { offering: { zone, ...id, capacityType, priceUsdPerHour: usd, available }, isEstimate };
}

function isCapacityType(value: unknown): value is CapacityType {
  return typeof value === "string" && CAPACITY_TYPES.includes(value);
}
