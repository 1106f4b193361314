import type { Pod } from "@nodeless/api";
import { DEFAULT_SCHEDULER, FARGATE_SCHEDULER } from "@nodeless/api";
import { type FargateProfile, type FargateSize, matchProfile } from "@nodeless/fargate";
import type { FargateOffer } from "./fargate-offers.ts";

/** Who is asked to run a pod, and why. */
export type PodRoute =
  | {
      readonly kind: "fargate";
      readonly profile: string;
      readonly size: FargateSize;
      readonly usdPerHour: number;
      readonly priceIsEstimate: boolean;
    }
  | {
      readonly kind: "ec2";
      /** Why no Fargate profile takes it. */
      readonly because: string;
    }
  | { readonly kind: "refused"; readonly refusal: PodRefusal };

/** Why one candidate does not take a pod, and what the user can do. */
export interface PodRefusal {
  /** `Fargate profile system`, `NodePool default`, `existing nodes` or `pod`. */
  readonly candidate: string;
  readonly rule: string;
  /** A sentence with the numbers, lower case. */
  readonly message: string;
  readonly remedy: string;
}

/** Sends each pod the way EKS would: a profile that matches takes it, whether Fargate can run it or not. Source: fargate.md §2. */
export function podRoutes(
  profiles: readonly FargateProfile[],
  offerOf: (pod: Pod) => FargateOffer,
): (pod: Pod) => PodRoute {
  interface Known {
    readonly labels: unknown;
    readonly annotations: unknown;
    readonly route: PodRoute;
  }
  const known = new WeakMap<Pod["spec"], Known>();
  return (pod) => {
    const { labels, annotations } = pod.metadata;
    const last = known.get(pod.spec);
    if (last !== undefined && last.labels === labels && last.annotations === annotations) return last.route;
    const route = routeOf(pod, profiles, offerOf);
    known.set(pod.spec, { labels, annotations, route });
    return route;
  };
}

function routeOf(pod: Pod, profiles: readonly FargateProfile[], offerOf: (pod: Pod) => FargateOffer): PodRoute {
  const match = matchProfile(profiles, pod);
  if (match.kind === "none") return withoutProfile(pod, match.message);
  const offer = offerOf(pod);
  const { name } = match.profile;
  // Profiles cannot exist there: nothing keeps the pod off the nodes.
  if (offer.kind === "refused" && offer.rule === "region")
    return withoutProfile(pod, `Fargate profile ${name} selects it, but ${offer.message}`);
  if (offer.kind === "refused")
    return {
      kind: "refused",
      refusal: {
        candidate: `Fargate profile ${name}`,
        rule: offer.rule,
        message: offer.message,
        remedy: offer.remedy,
      },
    };
  const { size, usdPerHour, priceIsEstimate } = offer;
  return { kind: "fargate", profile: name, size, usdPerHour, priceIsEstimate };
}

function withoutProfile({ spec }: Pod, because: string): PodRoute {
  const { schedulerName = DEFAULT_SCHEDULER } = spec;
  if (schedulerName === "" || schedulerName === DEFAULT_SCHEDULER) return { kind: "ec2", because };
  const refuse = (message: string, remedy: string): PodRoute => ({
    kind: "refused",
    refusal: { candidate: "pod", rule: "scheduler", message, remedy },
  });
  if (schedulerName === FARGATE_SCHEDULER)
    return refuse(
      `asks for ${FARGATE_SCHEDULER} itself, but ${because}`,
      "remove spec.schedulerName and let a Fargate profile select the pod",
    );
  return refuse(
    `asks for the scheduler ${schedulerName}, which is not part of the plan`,
    "remove spec.schedulerName, or leave the pod out of the plan",
  );
}
