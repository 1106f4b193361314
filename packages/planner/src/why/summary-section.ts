import { parseMilli, parseUnits } from "@nodeless/api";
import type { Quantities } from "../contract.ts";
import { counted, hourly, memoryText, monthly, percentText, requestText, vcpuText } from "../report/amounts.ts";
import type { TableStyle } from "../report/table-style.ts";
import type {
  BoughtNode,
  FargateSizingSteps,
  FargateVerdict,
  LiveFacts,
  NodeContent,
  NodeExplanation,
  PodExplanation,
  PodPlacement,
} from "./explanation.ts";
import { dollars, priceInWords } from "./money.ts";
import { titled } from "./titled.ts";

const MIB = 2 ** 20;
/** A smaller share is rounding. */
const NO_WASTE = 0.005;
const NEIGHBOURS_SHOWN_MAX = 6;
const MISSES_SHOWN_MAX = 3;

/** What a pod is, where it runs, what Fargate says, and what it is worth. */
export function podSummary(explanation: PodExplanation, style: TableStyle): string {
  const { pod, workload, requested, placement, node, live } = explanation;
  const of = workload === `Pod/${pod.slice(pod.indexOf("/") + 1)}` ? "" : ` of ${workload}`;
  const line = (title: string, text: string): string => titled(title, text, style);
  return [
    line("POD", `${pod}${of}${live === undefined ? "" : `, ${live.phase},`} asks for ${requestText(requested)}`),
    placement.kind === "none"
      ? line("RUNS ON", nowhere(explanation))
      : line(
          isOver(live) ? "RAN ON" : "RUNS ON",
          placement.kind === "ec2" ? boughtText(placement) : fargatePlace(placement),
        ),
    ...ownReasons(explanation).flatMap(({ candidate, rule, message, remedy }) => [
      line("BECAUSE", `${candidate} (${rule}): ${message}`),
      line("REMEDY", remedy),
    ]),
    line("FARGATE", fargateText(explanation)),
    ...(placement.kind === "none" || explanation.prices.cheaper === undefined
      ? []
      : [line("PRICE", priceText(explanation))]),
    ...(node === undefined ? [] : [line("SHARES", neighbours(node, pod)), ...wasteLine(node, line)]),
  ].join("");
}

const isOver = (live: LiveFacts | undefined): boolean => live?.phase === "Succeeded" || live?.phase === "Failed";

function nowhere({ live, reasons }: PodExplanation): string {
  if (isOver(live)) return "nothing any more: it is finished";
  return live !== undefined && reasons.length === 0 ? "nothing yet: it is Pending" : "nothing: it stays Pending";
}

/** What existing nodes say stands among the candidates, unless it is all there is. */
function ownReasons({ reasons }: PodExplanation): PodExplanation["reasons"] {
  const own = reasons.filter(({ candidate }) => candidate !== "existing nodes");
  return own.length === 0 ? reasons : own;
}

/** What a node is, what is on it, and what of it is for nothing. */
export function nodeSummary({ node }: NodeExplanation, style: TableStyle): string {
  const line = (title: string, text: string): string => titled(title, text, style);
  return [
    line("NODE", boughtText(node)),
    line("HOLDS", `${contentText(node)}; ${neighbours(node)}`),
    ...wasteLine(node, line),
  ].join("");
}

function boughtText(node: BoughtNode): string {
  if (node.capacityType === "fargate")
    return `${node.node}, Fargate's micro-VM for one pod, in ${node.zone}: ${priceInWords(node)}`;
  const type = node.instanceType === "" ? "a node of unknown type" : `a ${node.instanceType}`;
  const where = node.zone === "" ? "" : ` in ${node.zone}`;
  const bought = node.capacityType === "" ? "" : `, ${node.capacityType}`;
  const pool = node.nodePool === "" ? "" : ` of NodePool ${node.nodePool}`;
  if (node.existing && node.usdPerHour === 0)
    return `${node.node}, which is there already: ${type}${bought}${where}${pool}`;
  return `${node.node}, ${node.existing ? type : type.replace("a ", "a new ")}${pool}${bought}${where}: ${priceInWords(node)}`;
}

function fargatePlace(placement: Extract<PodPlacement, { kind: "fargate" }>): string {
  const { vcpu, memoryGb, node } = placement;
  return `Fargate ${vcpu}vCPU ${memoryGb}GB${node === undefined ? "" : `, as node ${node}`}: ${priceInWords(placement)}`;
}

function fargateText({ fargate, placement }: PodExplanation): string {
  const { because = "", sizing, profile, selector } = fargate;
  if (profile !== undefined) {
    const by = selector === undefined ? "" : ` by ${selector}`;
    if (!fargate.takes) return `profile ${profile} selects it${by}, so EC2 is not asked; Fargate refuses it`;
    return `profile ${profile} selects it${by}; ${sizing === undefined ? "" : sizingText(sizing)}`;
  }
  const price = sizing === undefined ? "" : `: ${dollars(sizing)} an hour`;
  const wouldBe =
    sizing === undefined
      ? ""
      : placement.kind === "none"
        ? `. A profile that selects it would run it: ${sizingText(sizing)}${price}`
        : `. There, ${sizingText(sizing)}`;
  return `no: ${missText(fargate) ?? because}${wouldBe}`;
}

/** The nearest selectors and what differs; undefined when no selector is to blame. */
function missText({ misses }: FargateVerdict): string | undefined {
  const [first] = misses;
  if (first === undefined) return undefined;
  if (first.differs.some((one) => one.startsWith("namespace "))) {
    const selectors = misses.slice(0, MISSES_SHOWN_MAX).map(({ profile, selector }) => `${profile} has ${selector}`);
    const more = misses.length - selectors.length;
    return `no profile selects the namespace (${selectors.join("; ")}${more > 0 ? `; and ${more} more` : ""})`;
  }
  const near = misses
    .filter(({ differs }) => !differs.some((one) => one.startsWith("namespace ")))
    .slice(0, MISSES_SHOWN_MAX)
    .map(({ profile, selector, differs }) => `profile ${profile} (${selector}), but ${differs.join(" and ")}`);
  return `nearest is ${near.join("; then ")}`;
}

/** `0.1 vCPU and 70Mi + 256Mi = 326Mi need 0.25vCPU 0.5GB`. */
function sizingText(sizing: FargateSizingSteps): string {
  const { askedVcpu, askedMemoryMib, systemMemoryMib, vcpu, memoryGb } = sizing;
  const sum = memoryText((askedMemoryMib + systemMemoryMib) * MIB);
  const memory = `${memoryText(askedMemoryMib * MIB)} + ${memoryText(systemMemoryMib * MIB)} for the system = ${sum}`;
  const disk = sizing.ephemeralStorageGib > 20 ? ` with ${sizing.ephemeralStorageGib}GiB of disk` : "";
  const asked =
    askedVcpu === 0 && askedMemoryMib === 0
      ? `no requests and ${sum} for the system`
      : `${vcpuText(askedVcpu * 1000)} and ${memory}`;
  return `${asked} make ${vcpu}vCPU ${memoryGb}GB${disk}, the next size sold`;
}

function priceText({ prices, placement, fargate }: PodExplanation): string {
  const { ec2UsdPerHour, fargateUsdPerHour } = prices;
  const money = (usd: number): string => `$${hourly(usd)} an hour ($${monthly(usd)} a month)`;
  const fair =
    ec2UsdPerHour === undefined
      ? "no instance type could hold it, so it has no fair price on EC2"
      : placement.kind === "ec2" && placement.existing && ec2UsdPerHour === 0
        ? "on a node that is there already it costs nothing more"
        : `its fair share of well-packed nodes is ${money(ec2UsdPerHour)}`;
  if (fargateUsdPerHour === undefined) return `${fair}; Fargate does not run it`;
  const size = fargate.sizing === undefined ? "" : ` as ${fargate.sizing.vcpu}vCPU ${fargate.sizing.memoryGb}GB`;
  const there = `on Fargate${size} it ${placement.kind === "fargate" ? "costs" : "would cost"} ${money(fargateUsdPerHour)}`;
  if (ec2UsdPerHour === undefined) return `${fair}; ${there}`;
  const difference = (fargateUsdPerHour - ec2UsdPerHour) * 730;
  const verdict =
    Math.abs(difference) < 0.005
      ? "both cost the same"
      : placement.kind === "fargate"
        ? difference > 0
          ? `isolation costs $${difference.toFixed(2)} a month`
          : `Fargate saves $${(-difference).toFixed(2)} a month`
        : `${difference > 0 ? "EC2" : "Fargate"} is cheaper by $${Math.abs(difference).toFixed(2)} a month`;
  return `${fair}; ${there}: ${verdict}`;
}

function contentText({ requested, daemonOverhead, allocatable }: NodeContent): string {
  const share = (name: string, parse: (text: string) => number): string => {
    const used = amount(requested, name, parse) + amount(daemonOverhead, name, parse);
    const all = amount(allocatable, name, parse);
    return all === 0 ? "" : `${percentText(used / all)} of its ${name === "cpu" ? "cpu" : name}`;
  };
  return [share("cpu", parseMilli), share("memory", parseUnits)].filter((text) => text !== "").join(" and ");
}

const amount = (quantities: Quantities, name: string, parse: (text: string) => number): number =>
  parse(quantities[name] ?? "0");

function neighbours({ pods, node }: NodeContent, self?: string): string {
  const others = pods.filter(({ pod }) => pod !== self).map(({ pod }) => pod);
  if (others.length === 0) return self === undefined ? "no pods" : `${node} with no other pod`;
  const shown = others.slice(0, NEIGHBOURS_SHOWN_MAX).join(", ");
  const more = others.length - NEIGHBOURS_SHOWN_MAX;
  const names = more > 0 ? `${shown} and ${more} more` : shown;
  const count = counted(others.length, self === undefined ? "pod" : "other pod");
  return `${self === undefined ? "" : `${node} with `}${count}: ${names}`;
}

/** The reduced cost: where it is small, no other packing of these pods saves much here. */
function wasteLine(
  { usdPerHour, wasteUsdPerHour, pods }: NodeContent,
  line: (title: string, text: string) => string,
): readonly string[] {
  if (wasteUsdPerHour === undefined || pods.length === 0) return [];
  const fair = usdPerHour - wasteUsdPerHour;
  const share = usdPerHour === 0 ? 0 : wasteUsdPerHour / usdPerHour;
  if (share < NO_WASTE)
    return [
      line(
        "WASTE",
        `none: the fair prices of the node's pods make up the $${hourly(usdPerHour)} an hour that it costs`,
      ),
    ];
  return [
    line(
      "WASTE",
      `the node costs $${hourly(usdPerHour)} an hour, the fair prices of its pods make $${hourly(fair)}: $${hourly(wasteUsdPerHour)} an hour (${percentText(share)}) buys nothing`,
    ),
  ];
}
