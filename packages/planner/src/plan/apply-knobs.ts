import type { Pod, ResourceAmounts } from "@nodeless/api";
import { LABELS, podRequests } from "@nodeless/api";
import { addAmounts, type InstanceType, type SchedulingInput } from "@nodeless/scheduling";
import { requestsOf } from "./existing-nodes.ts";
import { familyOf, generationOf, vcpusOf } from "./instance-labels.ts";
import type { PlanKnobs } from "./plan-options.ts";

/** A scheduling input with the knobs built in, so that packing and bound see the same offerings. */
export interface KnobbedInput {
  readonly input: SchedulingInput;
  /** What a knob could not do as asked. */
  readonly notices: readonly string[];
}

/** Takes the instance types out that the knobs forbid and keeps part of the pods off spot capacity. */
export function applyKnobs(input: SchedulingInput, knobs: PlanKnobs): KnobbedInput {
  if (Object.values(knobs).every((knob) => knob === undefined)) return { input, notices: [] };
  const notices: string[] = [];
  let types = (type: InstanceType): boolean => familyAllowed(type, knobs) && sizeAllowed(type, knobs);
  if (knobs.maxNodeShare !== undefined) {
    const cap = nodeCap(input, knobs.maxNodeShare, types);
    if (cap.notice !== undefined) notices.push(cap.notice);
    const others = types;
    types = (type) => others(type) && vcpusOf(type) <= cap.vcpus;
  }
  const filtered = new Map<readonly InstanceType[], readonly InstanceType[]>();
  const nodePools = input.nodePools.map((pool) => {
    // Pools that share their list go on sharing it: the core reads it once.
    const instanceTypes = filtered.get(pool.instanceTypes) ?? pool.instanceTypes.filter(types);
    filtered.set(pool.instanceTypes, instanceTypes);
    if (instanceTypes.length === 0 && pool.instanceTypes.length > 0)
      notices.push(`the knobs leave no instance type for NodePool ${pool.name}`);
    return { ...pool, instanceTypes };
  });
  const pods = knobs.spotShare === undefined ? input.pods : keepOffSpot(input.pods, knobs.spotShare);
  return { input: { ...input, nodePools, pods }, notices };
}

function familyAllowed(type: InstanceType, { families, excludedFamilies = [], generations }: PlanKnobs): boolean {
  const family = familyOf(type);
  if (families !== undefined && !families.includes(family)) return false;
  if (excludedFamilies.includes(family)) return false;
  if (generations === undefined) return true;
  const generation = generationOf(type);
  return generation !== undefined && generations.includes(generation);
}

function sizeAllowed(type: InstanceType, { maxVcpus }: PlanKnobs): boolean {
  return maxVcpus === undefined || vcpusOf(type) <= maxVcpus;
}

/** The largest node allowed: the share of all requested cpu, or what the largest pod needs if that is more. */
function nodeCap(
  { pods, nodePools, daemonSetPods }: SchedulingInput,
  share: number,
  allowed: (type: InstanceType) => boolean,
): { readonly vcpus: number; readonly notice: string | undefined } {
  const daemons = requestsOf(daemonSetPods);
  const types = [...new Set(nodePools.flatMap(({ instanceTypes }) => instanceTypes))]
    .filter(allowed)
    .sort((a, b) => vcpusOf(a) - vcpusOf(b));
  let requestedMillicores = 0;
  let needed = 0;
  const seen = new Map<Pod["spec"], ResourceAmounts>();
  for (const { spec } of pods) {
    let requests = seen.get(spec);
    if (requests === undefined) {
      requests = podRequests(spec);
      seen.set(spec, requests);
      const all = addAmounts(requests, daemons);
      const smallest = types.find((type) => holds(type, all));
      if (smallest !== undefined) needed = Math.max(needed, vcpusOf(smallest));
    }
    requestedMillicores += requests.get("cpu") ?? 0;
  }
  const vcpus = (share * requestedMillicores) / 1000;
  if (vcpus >= needed) return { vcpus, notice: undefined };
  return {
    vcpus: needed,
    notice: `${percent(share)} of all requested cpu is ${decimals(vcpus)} vCPU, but some pod needs a node of ${decimals(needed)}: that is the largest node`,
  };
}

function holds({ capacity, overhead }: InstanceType, requests: ResourceAmounts): boolean {
  for (const [name, amount] of requests)
    if (amount > 0 && (capacity.get(name) ?? 0) - (overhead.get(name) ?? 0) < amount) return false;
  return true;
}

/**
 * Every pod whose turn it is, counted through all pods in their order, is kept off spot: so the share holds for all pods together and
 * nearly for the replicas of each workload. Pods that choose their capacity type themselves stay as they are.
 */
function keepOffSpot(pods: readonly Pod[], spotShare: number): readonly Pod[] {
  const pinned = new Map<Pod["spec"], Pod["spec"]>();
  let counted = 0;
  return pods.map((pod) => {
    const before = Math.ceil(counted * (1 - spotShare) - ROUNDING);
    counted += 1;
    if (Math.ceil(counted * (1 - spotShare) - ROUNDING) === before || choosesCapacityType(pod.spec)) return pod;
    let spec = pinned.get(pod.spec);
    if (spec === undefined) {
      spec = withoutSpot(pod.spec);
      pinned.set(pod.spec, spec);
    }
    return { ...pod, spec };
  });
}

/** 10 × (1 − 0.7) is a little more than 3. */
const ROUNDING = 1e-9;

/** By a node selector, required affinity, or a spread over capacity types, which a pin would upset. */
function choosesCapacityType({ nodeSelector = {}, affinity, topologySpreadConstraints = [] }: Pod["spec"]): boolean {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return (
    Object.hasOwn(nodeSelector, LABELS.capacityType) ||
    terms.some(({ matchExpressions = [] }) => matchExpressions.some(({ key }) => key === LABELS.capacityType)) ||
    topologySpreadConstraints.some(({ topologyKey }) => topologyKey === LABELS.capacityType)
  );
}

function withoutSpot(spec: Pod["spec"]): Pod["spec"] {
  const { affinity } = spec;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const noSpot = { key: LABELS.capacityType, operator: "NotIn", values: ["spot"] };
  const nodeSelectorTerms = (required?.nodeSelectorTerms ?? [{}]).map((term) => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), noSpot],
  }));
  return {
    ...spec,
    affinity: {
      ...affinity,
      nodeAffinity: {
        ...affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
      },
    },
  };
}

/** `2 %` of 0.02. */
export const percent = (share: number): string => `${decimals(share * 100)} %`;
const decimals = (value: number): string => String(Math.round(value * 100) / 100);
