import type { Pod } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import { type FargateProfile, matchesPattern, matchProfile } from "@nodeless/fargate";
import type { FargateOffer } from "../plan/fargate-offers.ts";
import { FARGATE_SYSTEM_BYTES } from "../plan/fargate-rounding.ts";
import type { FargateSizingSteps, FargateVerdict, SelectorMiss } from "./explanation.ts";

const MIB = 2 ** 20;

/** Who of the Fargate profiles takes a pod, by which selector, and how its requests become a size; or what keeps it off. */
export function fargateVerdict(pod: Pod, profiles: readonly FargateProfile[], offer: FargateOffer): FargateVerdict {
  const match = matchProfile(profiles, pod);
  const sizing = sizingSteps(pod, offer);
  if (match.kind === "none")
    return {
      takes: false,
      because: match.message,
      misses: match.reason === "no-selector" ? selectorMisses(pod, profiles) : [],
      ...(sizing === undefined ? {} : { sizing }),
    };
  const { profile } = match;
  const selector = profile.selectors.find((one) => differences(one, pod).length === 0);
  const taken = {
    profile: profile.name,
    ...(selector === undefined ? {} : { selector: selectorText(selector) }),
    misses: [],
  };
  if (offer.kind === "refused") return { ...taken, takes: false, because: offer.message, remedy: offer.remedy };
  return { ...taken, takes: true, ...(sizing === undefined ? {} : { sizing }) };
}

function sizingSteps({ spec }: Pod, offer: FargateOffer): FargateSizingSteps | undefined {
  if (offer.kind === "refused") return undefined;
  const { size, usdPerHour, priceIsEstimate } = offer;
  const requests = podRequests(spec);
  return {
    askedVcpu: (requests.get("cpu") ?? 0) / 1000,
    askedMemoryMib: (requests.get("memory") ?? 0) / MIB,
    systemMemoryMib: FARGATE_SYSTEM_BYTES / MIB,
    vcpu: size.vcpuMillicores / 1000,
    memoryGb: size.memoryGb,
    ephemeralStorageGib: size.ephemeralStorageGib,
    usdPerHour,
    priceIsEstimate,
  };
}

/** A selector of the right namespace is nearer than any other; then the one with fewer differences. */
function selectorMisses(pod: Pod, profiles: readonly FargateProfile[]): readonly SelectorMiss[] {
  const misses = profiles.flatMap(({ name, selectors }) =>
    selectors.map((selector) => ({
      profile: name,
      selector: selectorText(selector),
      differs: differences(selector, pod),
      elsewhere: matchesPattern(selector.namespace, namespaceOf(pod)) ? 0 : 1,
    })),
  );
  return misses
    .filter(({ differs }) => differs.length > 0)
    .sort((a, b) => a.elsewhere - b.elsewhere || a.differs.length - b.differs.length)
    .map(({ elsewhere: _rank, ...miss }) => miss);
}

type Selector = FargateProfile["selectors"][number];

const namespaceOf = ({ metadata }: Pod): string => metadata.namespace ?? "default";

function differences(selector: Selector, pod: Pod): readonly string[] {
  const found: string[] = [];
  if (!matchesPattern(selector.namespace, namespaceOf(pod))) found.push(`namespace is ${namespaceOf(pod)}`);
  const labels = new Map(Object.entries(pod.metadata.labels ?? {}));
  for (const [key, value] of Object.entries(selector.labels ?? {})) {
    if ([...labels].some(([k, v]) => matchesPattern(key, k) && matchesPattern(value, v))) continue;
    const own = labels.get(key);
    found.push(own === undefined ? `label ${key} is missing` : `label ${key} is ${own}`);
  }
  return found;
}

function selectorText({ namespace, labels }: Selector): string {
  return [`namespace ${namespace}`, ...Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)].join(
    ", ",
  );
}
