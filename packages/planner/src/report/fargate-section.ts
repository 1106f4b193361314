import type { ResourceAmounts } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import { type FargateSize, fargatePriceUsdPerHour } from "@nodeless/fargate";
import { FARGATE_SYSTEM_BYTES, type FargateRounding, fargateRounding } from "../plan/fargate-rounding.ts";
import type { PlanOutcome } from "../plan/plan-cluster.ts";
import { memoryText, monthly, vcpuText } from "./amounts.ts";
import { formatColumns } from "./columns.ts";
import type { PodGroup } from "./pod-groups.ts";
import { groupName } from "./pod-section.ts";
import { type TableStyle, wrapped } from "./table-style.ts";

/** What Fargate rounds up, by name; a smaller request that would get a smaller size; and what the isolation costs. */
export function fargateSection(groups: readonly PodGroup[], outcome: PlanOutcome, style: TableStyle): string {
  const roundings = groups.flatMap((group) => roundingOf(group, outcome));
  if (roundings.length === 0) return "";
  const table = formatColumns(
    [
      { header: "FARGATE", shrinks: true },
      { header: "ASKED" },
      { header: "SOLD" },
      { header: "UNUSED" },
      { header: "ISOLATION", align: "right" },
    ],
    roundings.map(({ group, rounding }) => [
      groupName(group, style),
      `${vcpuText(rounding.askedMillicores)} ${memoryText(rounding.askedBytes)}`,
      sizeText(rounding.size),
      unusedText(rounding),
      isolationText(group, style),
    ]),
    style,
  );
  const hints = roundings.flatMap((one) => hintLine(one, outcome, style));
  const system = memoryText(FARGATE_SYSTEM_BYTES);
  const legend = `sold is the next size that holds the asked and ${system} for the system; isolation is its price a month less a fair share of well-packed EC2 nodes`;
  return `${table}${hints.join("")}${style.paint("dim", wrapped(legend, { first: "  ", width: style.width }))}`;
}

interface Rounded {
  readonly group: PodGroup;
  readonly rounding: FargateRounding;
}

function roundingOf(group: PodGroup, { routes }: PlanOutcome): readonly Rounded[] {
  const [pod] = group.pods;
  if (pod === undefined || group.target.kind !== "fargate") return [];
  const route = routes.get(`${group.workload.namespace}/${pod.metadata.name}`);
  if (route?.kind !== "fargate") return [];
  const requests: ResourceAmounts = podRequests(pod.spec);
  return [{ group, rounding: fargateRounding(requests, route.size) }];
}

const sizeText = ({ vcpuMillicores, memoryGb }: FargateSize): string => `${vcpuText(vcpuMillicores)} ${memoryGb}GB`;

function unusedText({ unusedMillicores, unusedBytes }: FargateRounding): string {
  const parts = [
    ...(unusedMillicores > 0 ? [vcpuText(unusedMillicores)] : []),
    ...(unusedBytes > 0 ? [memoryText(unusedBytes)] : []),
  ];
  return parts.length === 0 ? "nothing" : parts.join(" ");
}

function hintLine({ group, rounding }: Rounded, { catalog }: PlanOutcome, style: TableStyle): readonly string[] {
  const { hint, askedMillicores, askedBytes } = rounding;
  if (hint === undefined) return [];
  const less = [
    ...(hint.millicores < askedMillicores
      ? [`${vcpuText(hint.millicores)} instead of ${vcpuText(askedMillicores)}`]
      : []),
    ...(hint.bytes < askedBytes ? [`${memoryText(hint.bytes)} instead of ${memoryText(askedBytes)}`] : []),
  ];
  const saved = (priceIn(catalog.region, rounding.size) ?? 0) - (priceIn(catalog.region, hint.size) ?? 0);
  const gain = saved > 0 ? `: ${style.minus}$${monthly(saved * group.pods.length)} a month` : "";
  const text = `${group.workload.key}: ask for ${less.join(" and ")} to get ${sizeText(hint.size)}${gain}`;
  return [style.paint("yellow", wrapped(text, { first: "  hint: ", rest: "        ", width: style.width }))];
}

const priceIn = (region: string, size: FargateSize): number | undefined =>
  fargatePriceUsdPerHour(size, region) ?? fargatePriceUsdPerHour(size, "us-east-1");

/** For all pods of the group, a month. */
function isolationText({ price, pods }: PodGroup, { minus }: TableStyle): string {
  const { ec2UsdPerHour, fargateUsdPerHour } = price ?? {};
  if (ec2UsdPerHour === undefined || fargateUsdPerHour === undefined) return "-";
  const difference = (fargateUsdPerHour - ec2UsdPerHour) * pods.length;
  return `${difference < 0 ? minus : "+"}${monthly(Math.abs(difference))}`;
}
