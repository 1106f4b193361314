import type { Pod } from "@nodeless/api";
import {
  checkPlan,
  type ProgressPoint,
  podKeyOf,
  type SchedulingBound,
  type SchedulingInput,
  type SchedulingPlan,
} from "@nodeless/scheduling";
import type { PlanCatalog, PlanDocument, PlanInput } from "../contract.ts";
import { applyKnobs } from "./apply-knobs.ts";
import { type FargateOffer, fargateOffers } from "./fargate-offers.ts";
import { knobPrices } from "./knob-prices.ts";
import { packPods, placedInput } from "./packing-gears.ts";
import { planDocument } from "./plan-document.ts";
import { PlanFindingsError } from "./plan-findings-error.ts";
import type { PlanOptions } from "./plan-options.ts";
import { type PodRoute, podRoutes } from "./pod-routes.ts";
import { preferencePrice } from "./preference-price.ts";
import { type RefusedPod, refusedByEc2 } from "./refusals.ts";
import { schedulingSetting, zonesOf } from "./scheduling-input.ts";

/** A plan and all that led to it: what the tables, `why` and the differences between plans read. */
export interface PlanOutcome {
  readonly document: PlanDocument;
  readonly input: PlanInput;
  readonly catalog: PlanCatalog;
  readonly options: PlanOptions;
  /** What the EC2 part was planned from, knobs included; only the pods that no Fargate profile takes. */
  readonly schedulingInput: SchedulingInput;
  readonly schedulingPlan: SchedulingPlan;
  /** In which nodes can be bought and Fargate runs pods, sorted. */
  readonly zones: readonly string[];
  /** By `namespace/name`, for every pod of the input. */
  readonly routes: ReadonlyMap<string, PodRoute>;
  /** What Fargate would do with a pod, whatever the profiles say. */
  readonly fargateOffer: (pod: Pod) => FargateOffer;
  /** Pods that nothing takes, in input order. */
  readonly refused: readonly RefusedPod[];
  /** The EC2 part only; fair prices also for pods on Fargate. */
  readonly bound: SchedulingBound;
  /** How the search of `optimize` came to the plan of the EC2 part; empty in the fast gear. */
  readonly progress: readonly ProgressPoint[];
}

/**
 * Says where every pod would run, on what, at what price, how far that is from what is possible, and why. Pure but
 * for the clock of its options: the fast gear places equal input equally, while `totals.solveSeconds`, how far the bound gets and what `optimize`
 * finds depend on time (docs/plan-format.md). Throws PlanFindingsError when the
 * checker refuses the plan, which is a bug.
 */
export function planCluster(input: PlanInput, catalog: PlanCatalog, options: PlanOptions): PlanOutcome {
  const startedMs = options.monotonicMs();
  const setting = schedulingSetting(input, catalog, options.preferences);
  const zones = zonesOf(setting, catalog);
  const fargateOffer = fargateOffers(input, { region: catalog.region, zones });
  const { routes, ec2, fargate, refused } = routed(input, fargateOffer);
  const { input: schedulingInput, notices } = applyKnobs({ ...setting, pods: ec2 }, options.knobs ?? {});
  const { plan: schedulingPlan, bound, progress } = packPods(schedulingInput, fargate, options);
  const findings = checkPlan(schedulingInput, schedulingPlan);
  if (findings.length > 0) throw new PlanFindingsError(findings);
  const solveSeconds = (options.monotonicMs() - startedMs) / 1000;
  const placed = placedInput({ ...setting, pods: ec2 }, schedulingPlan);
  const parts = {
    input,
    catalog,
    options,
    schedulingInput,
    schedulingPlan,
    zones,
    routes,
    fargateOffer,
    refused: inInputOrder(input, [...refused, ...refusedByEc2(schedulingPlan, input)]),
    bound,
    progress,
  };
  const knobs = knobPrices(placed, {
    options,
    bound,
    plan: schedulingPlan,
    fargateUsdPerHour: fargatePrice(routes.values()),
  });
  const preferences = preferencePrice(schedulingInput, { plan: schedulingPlan, bound });
  return { ...parts, document: planDocument(parts, { knobs, preferences, notices, solveSeconds }) };
}

interface Routed {
  readonly routes: ReadonlyMap<string, PodRoute>;
  readonly ec2: readonly Pod[];
  readonly fargate: readonly Pod[];
  readonly refused: readonly RefusedPod[];
}

function routed({ pods, fargateProfiles }: PlanInput, fargateOffer: (pod: Pod) => FargateOffer): Routed {
  const routeOf = podRoutes(fargateProfiles, fargateOffer);
  const routes = new Map<string, PodRoute>();
  const ec2: Pod[] = [];
  const fargate: Pod[] = [];
  const refused: RefusedPod[] = [];
  for (const pod of pods) {
    const route = routeOf(pod);
    routes.set(podKeyOf(pod), route);
    if (route.kind === "ec2") ec2.push(pod);
    else if (route.kind === "fargate") fargate.push(pod);
    else refused.push({ pod, refusals: [route.refusal] });
  }
  return { routes, ec2, fargate, refused };
}

function fargatePrice(routes: Iterable<PodRoute>): number {
  let usdPerHour = 0;
  for (const route of routes) if (route.kind === "fargate") usdPerHour += route.usdPerHour;
  return usdPerHour;
}

function inInputOrder({ pods }: PlanInput, refused: readonly RefusedPod[]): readonly RefusedPod[] {
  if (refused.length < 2) return refused;
  const position = new Map(pods.map((pod, index) => [podKeyOf(pod), index]));
  const at = ({ pod }: RefusedPod): number => position.get(podKeyOf(pod)) ?? 0;
  return [...refused].sort((a, b) => at(a) - at(b));
}
