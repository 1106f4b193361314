import type { Quantities } from "../contract.ts";
import {
  amountText,
  counted,
  hourly,
  memoryBytesOf,
  memoryText,
  millicoresOf,
  percentText,
  vcpuText,
} from "../report/amounts.ts";
import { formatColumns } from "../report/columns.ts";
import { type TableStyle, wrapped } from "../report/table-style.ts";
import type { Lacking, Purchase, RejectedTypes, TypeChoice } from "./explanation.ts";

const REJECTED_SHOWN_MAX = 8;
const PURCHASES_SHOWN_MAX = 6;
const RESTRICTIONS_SHOWN_MAX = 3;

/** How the instance type was chosen: who was out, what fits at what price, and who came second. */
export function choiceSection(choice: TypeChoice | undefined, style: TableStyle): string {
  if (choice === undefined) return "";
  const { considered, content, nodePool, rejected } = choice;
  const title = `Of ${counted(considered, "instance type")} of NodePool ${nodePool}, ${choice.fittingTypes} can be a node for ${sizeText(content)} (pods and DaemonSets):`;
  return [
    wrapped(title, { width: style.width }),
    rejectedTable(rejected, style),
    purchaseTable(choice, style),
    argument(choice, style),
    restrictionTable(choice, style),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** `6.4vCPU and 8Gi`; of what nobody asks for nothing is said. */
function sizeText(content: Quantities): string {
  const [millicores, bytes] = [millicoresOf(content), memoryBytesOf(content)];
  const parts = [...(millicores > 0 ? [vcpuText(millicores)] : []), ...(bytes > 0 ? [memoryText(bytes)] : [])];
  return parts.length === 0 ? counted(Number(content["pods"] ?? 1), "pod") : parts.join(" and ");
}

function rejectedTable(rejected: readonly RejectedTypes[], style: TableStyle): string {
  if (rejected.length === 0) return "";
  const shown = rejected.slice(0, REJECTED_SHOWN_MAX);
  const rest = rejected.slice(REJECTED_SHOWN_MAX);
  const indent = " ".repeat(5);
  const lines = shown.map((one) =>
    wrapped(rejectionText(one), {
      first: `${String(one.types).padStart(4)}  `,
      rest: `${indent} `,
      width: style.width,
    }),
  );
  if (rest.length > 0) lines.push(`${String(sum(rest)).padStart(4)}  for ${counted(rest.length, "other reason")}\n`);
  return `${style.paint("bold", " OUT  WHY")}\n${lines.join("")}`;
}

const sum = (list: readonly RejectedTypes[]): number => list.reduce((total, { types }) => total + types, 0);

function rejectionText({ rule, by, message, examples, types }: RejectedTypes): string {
  const who = by === "content" || by === "catalog" ? "" : `${by} `;
  const named = `${examples.join(", ")}${types > examples.length ? AND_OTHERS : ""}`;
  return rule === "requirements" ? `${rule}: ${who}${message}` : `${rule}: ${who}${message} (${named})`;
}

const AND_OTHERS = " and others";

function purchaseTable({ fitting, fittingTypes }: TypeChoice, style: TableStyle): string {
  if (fitting.length === 0) return "";
  const shown = fitting.filter(({ chosen }, index) => chosen || index < PURCHASES_SHOWN_MAX);
  const best = fitting.find(({ chosen }) => chosen);
  const table = formatColumns(
    [
      { header: "" },
      { header: "FITS", shrinks: true },
      { header: "ZONES", shrinks: true },
      { header: "BUY" },
      { header: "CPU", align: "right" },
      { header: "MEMORY", align: "right" },
      { header: "$/HOUR", align: "right" },
      { header: "DEARER BY", align: "right" },
    ],
    shown.map((one) => cells(one, best)),
    style,
  );
  const types = new Set(shown.map(({ instanceType }) => instanceType));
  const more = fittingTypes - types.size;
  return `${table.replaceAll(/ +$/gm, "")}${more > 0 ? `   and ${counted(more, "type")} more\n` : ""}`;
}

function cells(one: Purchase, best: Purchase | undefined): readonly string[] {
  const dearer = best === undefined || best.usdPerHour === 0 ? undefined : one.usdPerHour / best.usdPerHour - 1;
  return [
    one.chosen ? ">" : "",
    one.instanceType,
    one.zones.map((zone) => zone.slice(zone.lastIndexOf("-") + 1)).join(" "),
    one.capacityType,
    percentText(one.cpuFill),
    percentText(one.memoryFill),
    hourly(one.usdPerHour, one.priceIsEstimate),
    one.chosen || dearer === undefined ? "" : percentText(dearer),
  ];
}

/** The choice in sentences. */
function argument({ fitting, runnerUp, smaller, cheaper }: TypeChoice, style: TableStyle): string {
  const own = fitting.find(({ chosen }) => chosen);
  const sentences: string[] = [];
  if (own !== undefined && runnerUp !== undefined)
    sentences.push(
      runnerUp.dearerUsdPerHour > 0
        ? `${own.instanceType} wins; the runner-up ${runnerUp.instanceType} loses by $${hourly(runnerUp.dearerUsdPerHour)} an hour (${percentText(runnerUp.dearerRatio)}).`
        : runnerUp.dearerUsdPerHour === 0
          ? `${runnerUp.instanceType} costs the same as ${own.instanceType}; the name decides.`
          : `${runnerUp.instanceType} would be cheaper now by $${hourly(-runnerUp.dearerUsdPerHour)} an hour (${percentText(-runnerUp.dearerRatio)}).`,
    );
  if (own !== undefined && runnerUp === undefined) sentences.push(`${own.instanceType} is the only type that fits.`);
  if (smaller !== undefined)
    sentences.push(`The next smaller of the family, ${smaller.instanceType}, ${lackText(smaller)}.`);
  if (cheaper !== undefined && cheaper.instanceType !== smaller?.instanceType)
    sentences.push(
      `The next cheaper, ${cheaper.instanceType} at $${hourly(cheaper.usdPerHour)}, ${lackText(cheaper)}.`,
    );
  else if (cheaper === undefined && own !== undefined)
    sentences.push("Nothing that meets the requirements costs less.");
  return sentences.length === 0 ? "" : wrapped(sentences.join(" "), { width: style.width });
}

const lackText = ({ resource, offered, needed }: Lacking): string =>
  `offers ${amountText(resource, offered)} ${resource} where ${amountText(resource, needed)} is needed`;

/** What each requirement costs here: the cheapest that would do if it alone were lifted. */
function restrictionTable({ restrictions }: TypeChoice, style: TableStyle): string {
  if (restrictions.length === 0) return "";
  return formatColumns(
    [
      { header: "WITHOUT", shrinks: true },
      { header: "OF", shrinks: true },
      { header: "IT WOULD BE" },
      { header: "$/HOUR", align: "right" },
      { header: "SAVES", align: "right" },
    ],
    restrictions.slice(0, RESTRICTIONS_SHOWN_MAX).map((one) => [
      // The domain of a label takes the room of what tells it apart.
      one.requirement.slice(one.requirement.indexOf("/") + 1),
      one.by,
      `${one.instanceType} ${one.capacityType}`,
      hourly(one.usdPerHour, one.priceIsEstimate),
      percentText(one.savesUsdPerHour / (one.usdPerHour + one.savesUsdPerHour)),
    ]),
    style,
  );
}
