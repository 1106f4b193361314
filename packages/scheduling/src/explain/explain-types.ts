import type { Pod, ResourceAmounts } from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import type { InstanceType, Offering, Requirements, SchedulingNodePool } from "../model.ts";
import { daemonOverheads } from "../packing/daemon-overhead.ts";
import { podVariants } from "../packing/pod-variant.ts";
import { compatibleOfferings } from "../requirements/offerings.ts";
import { requirementsOverlap } from "../requirements/requirement.ts";
import { formatRequirement } from "../requirements/requirement-format.ts";
import { compareText, mergeRequirements } from "../requirements/requirements.ts";
import { addAmounts, formatAmount, subtractAmounts } from "../resources/amounts.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";

/** Requirements and who has them. */
export interface RequirementLayer {
  /** `NodePool default`, `shop/web-0`. */
  readonly by: string;
  readonly requirements: Requirements;
}

/** A node that is to be bought. */
export interface NodeQuestion {
  readonly pool: SchedulingNodePool;
  readonly daemonSetPods: readonly Pod[];
  /** What the pods ask for together, their slots included, without DaemonSets. */
  readonly content: ResourceAmounts;
  /** Asked in this order; all of them hold. */
  readonly layers: readonly RequirementLayer[];
}

export interface TypeRefusal {
  readonly rule: "requirements" | "resources" | "offerings";
  /** Whose requirement it is; `content` for resources, `catalog` for offerings. */
  readonly by: string;
  /** The label or the resource; empty for offerings. */
  readonly key: string;
  /** A sentence, equal for all types that fail in the same way. */
  readonly message: string;
  /** Resources only: what is needed and what the type has for it. */
  readonly shortfall?: { readonly needed: number; readonly offered: number };
}

/** What an instance type says to the content of a node. */
export interface TypeAnswer {
  readonly type: InstanceType;
  /** DaemonSets that land on it. */
  readonly daemonRequests: ResourceAmounts;
  /** Offerings that all requirements allow, cheapest first; empty if there are none, whatever the reason. */
  readonly offerings: readonly Offering[];
  /** Undefined: it holds the content. */
  readonly refusal: TypeRefusal | undefined;
}

/**
 * Asks every instance type of a pool whether it could be the node with this content: its labels by each layer of requirements, its
 * offerings, then its size. Cheapest first; types without an allowed offering last. Pure.
 */
export function explainTypes(question: NodeQuestion): readonly TypeAnswer[] {
  const overheadOf = daemonOverheads(question.pool, question.daemonSetPods);
  const all = mergeRequirements(...question.layers.map(({ requirements }) => requirements));
  const answers = question.pool.instanceTypes.map((type): TypeAnswer => {
    const daemonRequests = overheadOf(type).requests;
    const unmet = unmetRequirement(type, question.layers);
    const offerings = unmet === undefined ? [...compatibleOfferings(type, all)].sort(byPrice) : [];
    return {
      type,
      daemonRequests,
      offerings,
      refusal: unmet ?? noOffering(type, offerings, question.layers) ?? tooSmall(type, daemonRequests, question),
    };
  });
  const price = ({ offerings }: TypeAnswer): number => offerings[0]?.priceUsdPerHour ?? Number.POSITIVE_INFINITY;
  return answers.sort((a, b) => compareNumbers(price(a), price(b)) || compareText(a.type.name, b.type.name));
}

/** What pods insist on, by pod; pods of equal specs stand for each other. */
export function podLayers(
  pods: readonly { readonly name: string; readonly pod: Pod }[],
  volumes?: ReadonlyMap<string, PodVolumes>,
): readonly RequirementLayer[] {
  const seen = new Set<Pod["spec"]>();
  return pods.flatMap(({ name, pod }): readonly RequirementLayer[] => {
    if (seen.has(pod.spec) && volumes?.has(name) !== true) return [];
    seen.add(pod.spec);
    const variants = podVariants(pod.spec, {
      preferNoScheduleExists: false,
      ignoresPreferences: false,
      volumes: volumes?.get(name),
    });
    const requirements = variants.at(-1)?.requirements ?? new Map();
    return requirements.size === 0 ? [] : [{ by: name, requirements }];
  });
}

/**
 * What a node has to meet besides what its pool and its pods insist on: domains chosen for spread and affinity, and preferences that were
 * kept. Undefined when there is nothing of the kind.
 */
export function remainingLayer(
  all: Requirements,
  layers: readonly RequirementLayer[],
  by: string,
): RequirementLayer | undefined {
  const known = mergeRequirements(...layers.map(({ requirements }) => requirements));
  const rest = [...all.values()].filter((one) => {
    const have = known.get(one.key);
    return one.key !== LABELS.hostname && (have === undefined || formatRequirement(have) !== formatRequirement(one));
  });
  return rest.length === 0 ? undefined : { by, requirements: new Map(rest.map((one) => [one.key, one])) };
}

const compareNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

function byPrice(a: Offering, b: Offering): number {
  return (
    a.priceUsdPerHour - b.priceUsdPerHour || compareText(a.zone, b.zone) || compareText(a.capacityType, b.capacityType)
  );
}

function unmetRequirement(type: InstanceType, layers: readonly RequirementLayer[]): TypeRefusal | undefined {
  for (const { by, requirements } of layers)
    for (const wish of requirements.values()) {
      const offered = type.requirements.get(wish.key);
      if (offered !== undefined && !requirementsOverlap(wish, offered))
        return { rule: "requirements", by, key: wish.key, message: `asks for ${formatRequirement(wish)}` };
    }
  return undefined;
}

/** The first layer that leaves no offering is to blame. */
function noOffering(
  type: InstanceType,
  allowed: readonly Offering[],
  layers: readonly RequirementLayer[],
): TypeRefusal | undefined {
  if (allowed.length > 0) return undefined;
  const refuse = (by: string, message: string): TypeRefusal => ({ rule: "offerings", by, key: "", message });
  if (!type.offerings.some(({ available }) => available)) return refuse("catalog", "has no available offering");
  const blamed = layers.find(({ requirements }) => compatibleOfferings(type, requirements).length === 0);
  const blame = blamed === undefined ? layers : [blamed];
  const asked = [LABELS.zone, LABELS.zoneId, LABELS.capacityType].flatMap((key) =>
    blame.flatMap(({ requirements }) => requirements.get(key) ?? []),
  );
  const by = blamed?.by ?? "all together";
  return refuse(by, `asks for ${asked.map(formatRequirement).join(", ")}: not offered there`);
}

/** The resource that is missed most, in proportion. */
function tooSmall(
  { capacity, overhead }: InstanceType,
  daemons: ResourceAmounts,
  { content }: NodeQuestion,
): TypeRefusal | undefined {
  const allocatable = subtractAmounts(capacity, overhead);
  let worst: { readonly resource: string; readonly needed: number; readonly offered: number } | undefined;
  let worstRatio = 1;
  for (const [resource, needed] of addAmounts(content, daemons)) {
    const offered = Math.max(0, allocatable.get(resource) ?? 0);
    if (needed <= 0 || needed <= offered) continue;
    const ratio = offered === 0 ? Number.POSITIVE_INFINITY : needed / offered;
    if (worst === undefined || ratio > worstRatio) worst = { resource, needed, offered };
    worstRatio = Math.max(worstRatio, ratio);
  }
  if (worst === undefined) return undefined;
  const { resource, needed, offered } = worst;
  return {
    rule: "resources",
    by: "content",
    key: resource,
    message: `too little ${resource}: the pods and the DaemonSets need ${formatAmount(resource, needed)}`,
    shortfall: { needed, offered },
  };
}
