import type { Pod } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import { matchProfile } from "@nodeless/fargate";
import { podKeyOf } from "@nodeless/scheduling";
import type {
  InputNotice,
  PlanDocument,
  PlanFargatePod,
  PlanKnob,
  PlanNode,
  PlanPodPrice,
  PlanPreferences,
  PlanTotals,
} from "../contract.ts";
import type { PlanOutcome } from "./plan-cluster.ts";
import { planNodes } from "./plan-nodes.ts";
import { quantitiesOf } from "./quantities.ts";
import { formatRefusal } from "./refusals.ts";
import { workloadOf } from "./workloads.ts";

/** Hours of a month in every monthly price. */
export const HOURS_PER_MONTH = 730;

/** The stable form of a plan (docs/plan-format.md). */
export function planDocument(
  parts: Omit<PlanOutcome, "document">,
  extra: {
    readonly knobs: readonly PlanKnob[];
    readonly preferences: PlanPreferences;
    readonly notices: readonly string[];
    readonly solveSeconds: number;
  },
): PlanDocument {
  const { input, catalog, zones, options, schedulingInput, schedulingPlan, refused } = parts;
  const nodes = planNodes(schedulingInput, schedulingPlan, catalog);
  const fargate = input.pods.flatMap((pod) => fargatePod(pod, parts));
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "Plan",
    totals: totalsOf(parts, { nodes, fargate, solveSeconds: extra.solveSeconds }),
    catalog: { date: catalog.date, region: catalog.region, source: options.catalogSource ?? "built-in", zones },
    addonDaemonSets: (input.addonDaemonSets ?? []).map(({ metadata, spec }) => ({
      daemonSet: `${metadata.namespace}/${metadata.name}`,
      requested: quantitiesOf(podRequests(spec?.template.spec ?? { containers: [] })),
    })),
    nodes,
    fargate,
    unplaced: refused.map(({ pod, refusals }) => ({ pod: podKeyOf(pod), reasons: refusals.map(formatRefusal) })),
    pods: podPrices(parts),
    preferences: extra.preferences,
    knobs: extra.knobs,
    notices: [...input.notices.map(formatNotice), ...extra.notices, ...fargateNotices(parts, fargate)],
  };
}

function fargatePod(pod: Pod, { routes }: Pick<PlanOutcome, "routes">): readonly PlanFargatePod[] {
  const key = podKeyOf(pod);
  const route = routes.get(key);
  if (route?.kind !== "fargate") return [];
  return [
    {
      pod: key,
      profile: route.profile,
      vcpu: route.size.vcpuMillicores / 1000,
      memoryGb: route.size.memoryGb,
      usdPerHour: route.usdPerHour,
      priceIsEstimate: route.priceIsEstimate,
      requested: quantitiesOf(podRequests(pod.spec)),
    },
  ];
}

/** A bound above a plan's cost by more than rounding would be wrong: this share of it, or as many dollars. */
const BOUND_TOLERANCE = 1e-6;

function totalsOf(
  { input, bound, options, refused }: Omit<PlanOutcome, "document">,
  {
    nodes,
    fargate,
    solveSeconds,
  }: {
    readonly nodes: readonly PlanNode[];
    readonly fargate: readonly PlanFargatePod[];
    readonly solveSeconds: number;
  },
): PlanTotals {
  let nodesUsd = 0;
  for (const node of nodes) nodesUsd += node.usdPerHour;
  let usdPerHour = nodesUsd;
  for (const pod of fargate) usdPerHour += pod.usdPerHour;
  if (bound.lowerBoundUsdPerHour > nodesUsd * (1 + BOUND_TOLERANCE) + BOUND_TOLERANCE)
    throw new Error(`the bound ${bound.lowerBoundUsdPerHour} is above the cost ${nodesUsd}: a bug, please report it`);
  // What runs on Fargate has one price only: the whole gap is that of the nodes.
  const lowerBoundUsdPerHour = Math.min(usdPerHour, usdPerHour - (nodesUsd - bound.lowerBoundUsdPerHour));
  return {
    usdPerHour,
    usdPerMonth: usdPerHour * HOURS_PER_MONTH,
    lowerBoundUsdPerHour,
    gapRatio: gapRatio(usdPerHour, lowerBoundUsdPerHour),
    pods: input.pods.length,
    nodes: nodes.filter(({ existing }) => !existing).length,
    fargatePods: fargate.length,
    unplacedPods: refused.length,
    solveSeconds,
    gear: options.gear ?? "fast",
  };
}

function gapRatio(usd: number, bound: number): number | null {
  if (bound > 0) return usd / bound - 1;
  return usd === 0 ? 0 : null;
}

function podPrices({
  input,
  routes,
  refused,
  fargateOffer,
  bound,
}: Omit<PlanOutcome, "document">): readonly PlanPodPrice[] {
  const nowhere = new Set(refused.map(({ pod }) => podKeyOf(pod)));
  return input.pods.flatMap((pod): readonly PlanPodPrice[] => {
    const key = podKeyOf(pod);
    if (nowhere.has(key)) return [];
    const route = routes.get(key);
    const ec2 = bound.fairPriceUsdPerHour.get(key);
    const offer = route?.kind === "fargate" ? route : fargateOffer(pod);
    const fargate = offer.kind === "refused" ? undefined : offer.usdPerHour;
    return [
      {
        pod: key,
        workload: workloadOf(input, key).kindAndName,
        ...(ec2 === undefined ? {} : { ec2UsdPerHour: ec2 }),
        ...(fargate === undefined ? {} : { fargateUsdPerHour: fargate }),
        cheaper: cheaperOf(ec2, fargate),
      },
    ];
  });
}

function cheaperOf(ec2: number | undefined, fargate: number | undefined): PlanPodPrice["cheaper"] {
  if (ec2 === undefined) return fargate === undefined ? "neither" : "fargate";
  return fargate === undefined || ec2 <= fargate ? "ec2" : "fargate";
}

function formatNotice({ subject, at, message }: InputNotice): string {
  const where = at === undefined ? "" : ` (${at.file}:${at.line})`;
  return `${subject === undefined ? "" : `${subject}: `}${message}${where}`;
}

function fargateNotices(
  { input, catalog: { region }, fargateOffer }: Pick<PlanOutcome, "input" | "catalog" | "fargateOffer">,
  fargate: readonly PlanFargatePod[],
): readonly string[] {
  if (fargate.some(({ priceIsEstimate }) => priceIsEstimate))
    return [`no Fargate price of ${region} is known: those of us-east-1 stand in`];
  const selected = input.pods.filter((pod) => {
    const offer = fargateOffer(pod);
    return (
      offer.kind === "refused" && offer.rule === "region" && matchProfile(input.fargateProfiles, pod).kind !== "none"
    );
  });
  if (selected.length === 0) return [];
  const pods =
    selected.length === 1
      ? "1 pod that a Fargate profile selects is"
      : `${selected.length} pods that Fargate profiles select are`;
  return [`there is no Fargate in ${region}, which is no AWS region: ${pods} planned on EC2`];
}
