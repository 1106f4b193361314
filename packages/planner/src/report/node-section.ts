import type { PlanDocument, PlanNode, Quantities } from "../contract.ts";
import { counted, hourly, memoryBytesOf, millicoresOf, monthly, percentText } from "./amounts.ts";
import { type Cell, type Column, formatColumns } from "./columns.ts";
import { type TableStyle, wrapped } from "./table-style.ts";

/** More nodes than this are shown by type unless everything is asked for. */
const NODES_LISTED_MAX = 20;
const BAR_CELLS = 6;
const BAR_CELLS_WIDE = 12;
/** A single node with more than this share of the load is worth a word. */
const SHARE_MENTIONED = 0.3;

/** Nodes with how full they are: cpu and memory of pods, and of daemons in another shade. */
export function nodeSection(document: PlanDocument, style: TableStyle): string {
  const shown = document.nodes.filter(({ existing, pods }) => style.wide || !existing || pods.length > 0);
  const idle = document.nodes.length - shown.length;
  const fresh = shown.filter(({ existing }) => !existing);
  const rows =
    style.wide || shown.length <= NODES_LISTED_MAX ? shown.map((node) => rowOf([node])) : nodeGroups(shown).map(rowOf);
  const fair = new Map(document.pods.map(({ pod, ec2UsdPerHour = 0 }) => [pod, ec2UsdPerHour]));
  const table =
    rows.length === 0
      ? ""
      : formatColumns(
          style.wide ? [...COLUMNS, ...WIDE_COLUMNS] : COLUMNS,
          rows.map((row) => [...cells(row, document, style), ...(style.wide ? wideCells(row, fair) : [])]),
          style,
        );
  const idleLine = idle === 0 ? "" : `${counted(idle, "existing node")} ${idle === 1 ? "gets" : "get"} no pods\n`;
  return `${table}${idleLine}${largestLine(fresh, style)}`;
}

const COLUMNS: readonly Column[] = [
  { header: "NODES", shrinks: true },
  { header: "TYPE", shrinks: true },
  { header: "ZONE" },
  { header: "BUY" },
  { header: "CPU" },
  { header: "MEMORY" },
  { header: "$/HOUR", align: "right" },
];

const WIDE_COLUMNS: readonly Column[] = [
  { header: "PODS", align: "right" },
  { header: "$/MONTH ABOVE FAIR", align: "right" },
];

interface Row {
  readonly nodes: readonly PlanNode[];
  readonly first: PlanNode;
}

function rowOf(nodes: readonly PlanNode[]): Row {
  const [first] = nodes;
  if (first === undefined) throw new TypeError("a row needs a node");
  return { nodes, first };
}

function nodeGroups(nodes: readonly PlanNode[]): readonly (readonly PlanNode[])[] {
  const groups = new Map<string, PlanNode[]>();
  for (const node of nodes) {
    const id = JSON.stringify([node.existing, node.nodePool, node.instanceType, node.zone, node.capacityType]);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [node]);
    else group.push(node);
  }
  const pools = [...new Set(nodes.map(({ nodePool }) => nodePool))];
  const rank = ([first]: readonly PlanNode[]): number => pools.indexOf(first?.nodePool ?? "");
  return [...groups.values()].sort((a, b) => rank(a) - rank(b) || b.length - a.length);
}

function cells({ nodes, first }: Row, { catalog }: PlanDocument, style: TableStyle): readonly (Cell | string)[] {
  let usdPerHour = 0;
  for (const node of nodes) usdPerHour += node.usdPerHour;
  const pool = first.nodePool === "" ? "existing" : first.nodePool;
  return [
    nodes.length === 1 ? first.name : `${pool} ${style.times}${nodes.length}`,
    first.instanceType,
    shortZone(first.zone, catalog.region),
    first.capacityType,
    fillCell(nodes, millicoresOf, style),
    fillCell(nodes, memoryBytesOf, style),
    first.existing ? "existing" : hourly(usdPerHour, first.priceIsEstimate),
  ];
}

/** What is paid beyond the fair prices of the pods: where a better packing would save. */
function wideCells({ nodes }: Row, fair: ReadonlyMap<string, number>): readonly string[] {
  let pods = 0;
  let above = 0;
  for (const node of nodes) {
    pods += node.pods.length;
    above += node.usdPerHour;
    if (!node.existing) for (const pod of node.pods) above -= fair.get(pod) ?? 0;
  }
  return [pods.toLocaleString("en-US"), monthly(Math.max(0, above))];
}

/** `2a`, not `ap-northeast-2a`: the foot of the table names the region. */
function shortZone(zone: string, region: string): string {
  return zone.startsWith(region) && zone.length > region.length
    ? `${region.slice(region.lastIndexOf("-") + 1)}${zone.slice(region.length)}`
    : zone;
}

function fillCell(nodes: readonly PlanNode[], amount: (quantities: Quantities) => number, style: TableStyle): Cell {
  let pods = 0;
  let daemons = 0;
  let all = 0;
  for (const node of nodes) {
    pods += amount(node.requested) + amount(node.boundRequested ?? {});
    daemons += amount(node.daemonOverhead);
    all += amount(node.allocatable);
  }
  const size = style.wide ? BAR_CELLS_WIDE : BAR_CELLS;
  const ratio = all === 0 ? 0 : Math.min(1, (pods + daemons) / all);
  const filled = Math.round(ratio * size);
  const daemonCells = pods + daemons === 0 ? 0 : Math.round((daemons / (pods + daemons)) * filled);
  const bar =
    style.bar.used.repeat(filled - daemonCells) +
    style.bar.daemons.repeat(daemonCells) +
    style.bar.free.repeat(size - filled);
  const format = ratio >= FULL ? "green" : ratio >= HALF_FULL ? "yellow" : "red";
  return { text: `${bar} ${`${Math.round(ratio * 100)}%`.padStart(4)}`, format };
}

const FULL = 0.75;
const HALF_FULL = 0.5;

/** What goes when the largest node goes. */
function largestLine(nodes: readonly PlanNode[], { width }: TableStyle): string {
  let total = 0;
  let largest: PlanNode | undefined;
  for (const node of nodes) {
    total += millicoresOf(node.requested);
    if (largest === undefined || millicoresOf(node.requested) > millicoresOf(largest.requested)) largest = node;
  }
  if (largest === undefined || total === 0 || largest.pods.length < 2) return "";
  const share = millicoresOf(largest.requested) / total;
  if (share < SHARE_MENTIONED) return "";
  return wrapped(
    `${largest.name} carries ${percentText(share)} of the cpu on new nodes; --max-node-share limits that`,
    { rest: "  ", width },
  );
}
