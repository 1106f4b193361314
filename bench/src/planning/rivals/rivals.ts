import { podRequests } from "@nodeless/api";
import { fargatePriceUsdPerHour, fargateSize } from "@nodeless/fargate";
import { cheapestOffering, type InstanceType, type SchedulingInput } from "@nodeless/scheduling";
import { GreedyFit, type RivalResult } from "./greedy-fit.ts";

/** A rival by the name under which the table shows it. Every one is our imitation, not the product it is named after. */
export interface Rival {
  readonly name: string;
  run(input: SchedulingInput, region: string): RivalResult;
}

/** The pool that the workloads have. */
function typesOf(input: SchedulingInput): readonly InstanceType[] {
  return input.nodePools[0]?.instanceTypes ?? [];
}

/** Types that a one-group autoscaler is tried with; it would be set up with one of them by hand. */
const GROUP_CANDIDATES = 12;

const karpenterStyle: Rival = {
  name: "Karpenter-style first fit",
  run: (input) => new GreedyFit({ instanceTypes: typesOf(input), order: "fewest-pods" }).run(input),
};

/** A node group has one type, set up by hand: the best of a dozen that hold the largest pod. */
const oneGroup: Rival = {
  name: "one-group autoscaler",
  run(input) {
    const largest = (resource: string): number =>
      input.pods.reduce((most, { spec }) => Math.max(most, podRequests(spec).get(resource) ?? 0), 0);
    const [cpu, memory] = [largest("cpu"), largest("memory")];
    const free = (type: InstanceType, resource: string): number =>
      (type.capacity.get(resource) ?? 0) - (type.overhead.get(resource) ?? 0);
    const candidates = typesOf(input)
      .filter((type) => free(type, "cpu") >= cpu && free(type, "memory") >= memory && Number.isFinite(priceOf(type)))
      .sort((a, b) => priceOf(a) - priceOf(b));
    const steps = Array.from({ length: GROUP_CANDIDATES }, (_, index) => index / (GROUP_CANDIDATES - 1));
    // Evenly over the logarithm of the rank: small and large types both get their chance.
    const ranks = new Set(steps.map((step) => Math.round(candidates.length ** step) - 1));
    const results = candidates
      .filter((_, index) => ranks.has(index))
      .map((type) => new GreedyFit({ instanceTypes: [type], order: "oldest" }).run(input));
    return results.reduce((best, one) => (worth(one) < worth(best) ? one : best));
  },
};

const worth = ({ refused, usdPerHour }: RivalResult): number => refused * 1e6 + usdPerHour;

const priceOf = (type: InstanceType): number =>
  cheapestOffering(type, new Map())?.priceUsdPerHour ?? Number.POSITIVE_INFINITY;

const onePodPerNode: Rival = {
  name: "one pod per node",
  run(input) {
    const types = typesOf(input).map((type) => ({ type, price: priceOf(type) }));
    let usdPerHour = 0;
    let refused = 0;
    for (const { spec } of input.pods) {
      const requests = [...podRequests(spec), ["pods", 1] as const];
      const price = Math.min(
        ...types
          .filter(({ type }) =>
            requests.every(
              ([name, amount]) => (type.capacity.get(name) ?? 0) - (type.overhead.get(name) ?? 0) >= amount,
            ),
          )
          .map((one) => one.price),
      );
      if (Number.isFinite(price)) usdPerHour += price;
      else refused += 1;
    }
    return { nodes: input.pods.length - refused, usdPerHour, refused };
  },
};

const allFargate: Rival = {
  name: "all Fargate",
  run(input, region) {
    let usdPerHour = 0;
    let refused = 0;
    for (const pod of input.pods) {
      const sizing = fargateSize(pod);
      const price = sizing.kind === "size" ? fargatePriceUsdPerHour(sizing.size, region) : undefined;
      if (price === undefined) refused += 1;
      else usdPerHour += price;
    }
    return { nodes: input.pods.length - refused, usdPerHour, refused };
  },
};

export const RIVALS: readonly Rival[] = [karpenterStyle, oneGroup, onePodPerNode, allFargate];
