import { counted, hourly, monthly, requestText } from "./amounts.ts";
import { type Column, formatColumns } from "./columns.ts";
import type { PodGroup } from "./pod-groups.ts";
import { type TableStyle, wrapped } from "./table-style.ts";

/** Where the pods run, one row for equal pods of a workload. */
export function podSection(groups: readonly PodGroup[], style: TableStyle): string {
  if (groups.length === 0) return "";
  const columns: readonly Column[] = [
    { header: "PODS", shrinks: true },
    ...(style.wide ? [{ header: "KIND" }] : []),
    { header: "RUN ON", shrinks: true },
    { header: "ASK FOR" },
    { header: "$/HOUR", align: "right" },
    { header: "$/MONTH", align: "right" },
    ...(style.wide
      ? ([
          { header: "EACH ON EC2", align: "right" },
          { header: "EACH ON FARGATE", align: "right" },
          { header: "CHEAPER" },
        ] as const)
      : []),
  ];
  const rows = groups.map((group) => [
    groupName(group, style),
    ...(style.wide ? [group.workload.kind] : []),
    targetText(group),
    requestText(group.requested),
    hourly(group.usdPerHour, group.priceIsEstimate),
    monthly(group.usdPerHour, group.priceIsEstimate),
    ...(style.wide ? priceCells(group) : []),
  ]);
  return `${formatColumns(columns, rows, style)}${cheaperLines(groups, style)}`;
}

/** Pods that cost less on Fargate than their fair share of a node; the other way round is what isolation costs. */
function cheaperLines(groups: readonly PodGroup[], style: TableStyle): string {
  const cheaper = groups.filter(({ target, price }) => target.kind === "ec2" && price?.cheaper === "fargate");
  return cheaper
    .map((group) => {
      const { fargateUsdPerHour = 0, ec2UsdPerHour } = group.price ?? {};
      const fair =
        ec2UsdPerHour === undefined ? "" : `, less than the $${monthly(ec2UsdPerHour)} of a fair share of a node`;
      const text = `${groupName(group, style)} would cost $${monthly(fargateUsdPerHour)} a month${group.pods.length === 1 ? "" : " each"} on Fargate${fair}`;
      return wrapped(text, { first: "  ", rest: "    ", width: style.width });
    })
    .join("");
}

/** `default/web ×3` */
export function groupName({ workload, pods }: Pick<PodGroup, "workload" | "pods">, style: TableStyle): string {
  return pods.length === 1 ? workload.key : `${workload.key} ${style.times}${pods.length.toLocaleString("en-US")}`;
}

function targetText({ target }: PodGroup): string {
  if (target.kind === "fargate") return `Fargate ${target.vcpu}vCPU ${target.memoryGb}GB`;
  const [only] = target.nodes;
  if (target.nodes.length === 1 && only !== undefined) return only.name;
  const fresh = target.nodes.filter(({ existing }) => !existing);
  const pools = [...new Set(fresh.map(({ nodePool }) => nodePool))];
  const existing = target.nodes.length - fresh.length;
  return [
    ...(fresh.length > 0 ? [`${counted(fresh.length, "node")} of ${pools.join(", ")}`] : []),
    ...(existing > 0 ? [counted(existing, "existing node")] : []),
  ].join(", ");
}

function priceCells({ price }: PodGroup): readonly string[] {
  const money = (usd: number | undefined): string => (usd === undefined ? "-" : monthly(usd));
  return [money(price?.ec2UsdPerHour), money(price?.fargateUsdPerHour), price?.cheaper ?? "-"];
}
