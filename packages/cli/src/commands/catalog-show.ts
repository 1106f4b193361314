import { formatBytes, formatMilli, LABELS } from "@nodeless/api";
import { type Catalog, catalogDocument, formatCatalogDocument } from "@nodeless/instance-types";
import type { SourcedPlanCatalog } from "@nodeless/planner";
import { CommandError } from "../exit-codes.ts";
import { formatStructured } from "../output/structured.ts";
import { formatTable } from "../output/table.ts";
import type { Terminal } from "../terminal.ts";
import type { CatalogShowFlags } from "./catalog.ts";
import { chosenCatalog, regionOf } from "./catalog-choice.ts";

type CatalogType = Catalog["instanceTypes"][number];

/** `nodeless catalog show`. Throws UsageError, CommandError. */
export async function showCatalog(terminal: Terminal, flags: CatalogShowFlags): Promise<void> {
  const region = regionOf(terminal, flags.region);
  const chosen = await chosenCatalog(terminal, { region, file: flags.catalog });
  const catalog = ofFamilies(chosen.catalog, flags.family);
  if (flags.output === "json") terminal.out(formatCatalogDocument(catalogDocument(catalog)));
  else if (flags.output === "yaml") terminal.out(formatStructured("yaml", catalogDocument(catalog)));
  else terminal.out(`${catalogTable(catalog, flags.output === "wide")}\n${footNotes(catalog, chosen)}`);
}

function ofFamilies(catalog: Catalog, list: string | undefined): Catalog {
  if (list === undefined) return catalog;
  const families = list.split(",").map((family) => family.trim());
  const known = new Set(catalog.instanceTypes.map(familyOf));
  const unknown = families.filter((family) => !known.has(family));
  if (unknown.length > 0)
    throw new CommandError(
      `no family ${unknown.join(", ")} in ${catalog.region}: it has ${[...known].sort().join(", ")}`,
    );
  return {
    date: catalog.date,
    region: catalog.region,
    exactness: catalog.exactness,
    instanceTypes: catalog.instanceTypes.filter((type) => families.includes(familyOf(type))),
    isEstimate: (instanceType, capacityType) => catalog.isEstimate(instanceType, capacityType),
  };
}

function familyOf(type: CatalogType): string {
  return labelOf(type, "karpenter.k8s.aws/instance-family") || (type.name.split(".")[0] ?? type.name);
}

function labelOf({ requirements }: CatalogType, key: string): string {
  return [...(requirements.get(key)?.values ?? [])][0] ?? "";
}

const HEADERS = ["type", "vcpu", "memory", "arch", "zones", "on-demand", "spot"] as const;
const WIDE_HEADERS = ["pods", "allocatable", "devices", "local nvme", "network", "spot by zone"] as const;

function catalogTable(catalog: Catalog, wide: boolean): string {
  const cpu = ({ capacity }: CatalogType): number => capacity.get("cpu") ?? 0;
  const memory = ({ capacity }: CatalogType): number => capacity.get("memory") ?? 0;
  const types = catalog.instanceTypes.toSorted(
    (a, b) =>
      compareText(familyOf(a), familyOf(b)) || cpu(a) - cpu(b) || memory(a) - memory(b) || compareText(a.name, b.name),
  );
  return formatTable(
    wide ? [...HEADERS, ...WIDE_HEADERS] : HEADERS,
    types.map((type) => [...cells(type, catalog), ...(wide ? wideCells(type, catalog) : [])]),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function cells(type: CatalogType, catalog: Catalog): readonly string[] {
  const { name, capacity, offerings } = type;
  const zones = new Set(
    offerings.filter(({ available }) => available).map(({ zone }) => shortZone(zone, catalog.region)),
  );
  return [
    name,
    formatMilli(capacity.get("cpu") ?? 0),
    nominalMemory(type),
    labelOf(type, LABELS.arch),
    [...zones].sort().join(" "),
    price(type, "on-demand", catalog),
    price(type, "spot", catalog),
  ];
}

/** What EC2 calls the size; what a node has is a little less. */
function nominalMemory(type: CatalogType): string {
  const mib = Number(labelOf(type, "karpenter.k8s.aws/instance-memory"));
  return formatBytes(mib > 0 ? mib * 1024 * 1024 : (type.capacity.get("memory") ?? 0));
}

/** The letter of a zone of the region. */
function shortZone(zone: string, region: string): string {
  return zone.startsWith(region) && zone.length > region.length ? zone.slice(region.length).replace(/^-/, "") : zone;
}

/** The cheapest available one; `~` before an estimate, empty when it is not sold. */
function price({ name, offerings }: CatalogType, capacityType: string, catalog: Catalog): string {
  const prices = offerings
    .filter((offering) => offering.available && offering.capacityType === capacityType)
    .map(({ priceUsdPerHour }) => priceUsdPerHour);
  return prices.length === 0 ? "" : usd(Math.min(...prices), catalog.isEstimate(name, capacityType));
}

function usd(usdPerHour: number, isEstimate: boolean): string {
  return `${isEstimate ? "~" : ""}${usdPerHour.toFixed(4)}`;
}

const PLAIN_RESOURCES: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage", "pods"]);

function wideCells(type: CatalogType, catalog: Catalog): readonly string[] {
  const { name, capacity, overhead, offerings } = type;
  const left = (resource: string): number => Math.max(0, (capacity.get(resource) ?? 0) - (overhead.get(resource) ?? 0));
  const devices = [...capacity].filter(([resource]) => !PLAIN_RESOURCES.has(resource));
  const nvme = labelOf(type, "karpenter.k8s.aws/instance-local-nvme");
  const mbps = labelOf(type, "karpenter.k8s.aws/instance-network-bandwidth");
  const spot = offerings.filter(({ available, capacityType }) => available && capacityType === "spot");
  return [
    String(capacity.get("pods") ?? 0),
    `${formatMilli(left("cpu"))} ${Math.floor(left("memory") / 1024 / 1024)}Mi`,
    devices.map(([resource, count]) => `${count} ${resource.slice(resource.indexOf("/") + 1)}`).join(", "),
    nvme === "" ? "" : `${nvme} GB`,
    mbps === "" ? "" : `${mbps} Mbps`,
    spot
      .map(
        ({ zone, priceUsdPerHour }) =>
          `${shortZone(zone, catalog.region)} ${usd(priceUsdPerHour, catalog.isEstimate(name, "spot"))}`,
      )
      .join(", "),
  ];
}

function footNotes({ instanceTypes, exactness }: Catalog, { source, date, region }: SourcedPlanCatalog): string {
  const from = source === "built-in" || source === "refreshed" ? `${source} catalogue` : source;
  const count = `${instanceTypes.length} type${instanceTypes.length === 1 ? "" : "s"}`;
  const lines = [
    `${from} of ${date}, ${region}: ${count}, USD per hour; ~ is an estimate, spot is the cheapest zone's`,
  ];
  return [...lines, ...exactness].map((line) => `${line}\n`).join("");
}
