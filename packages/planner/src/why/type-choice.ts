import type { Pod, ResourceAmounts } from "@nodeless/api";
import {
  addAmounts,
  explainTypes,
  formatAmount,
  type InstanceType,
  type RequirementLayer,
  type SchedulingNodePool,
  subtractAmounts,
  type TypeAnswer,
} from "@nodeless/scheduling";
import type { PlanCatalog } from "../contract.ts";
import { familyOf } from "../plan/instance-labels.ts";
import { quantitiesOf } from "../plan/quantities.ts";
import type { Lacking, Purchase, TypeChoice } from "./explanation.ts";
import { rejectedTypes } from "./rejected-types.ts";
import { restrictionsOf } from "./restrictions.ts";

/** A node whose type is to be explained. */
export interface ChosenNode {
  readonly pool: SchedulingNodePool;
  readonly daemonSetPods: readonly Pod[];
  /** What its pods ask for, without DaemonSets. */
  readonly content: ResourceAmounts;
  readonly layers: readonly RequirementLayer[];
  /** Types that the plan left open; others that would fit are out because of limits. Undefined: all. */
  readonly open?: ReadonlySet<string>;
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
}

/** More purchases than this tell nothing more. */
const PURCHASES_MAX = 20;

/** How a node's type came about: who was out and why, what fits and what it costs, and who came second. */
export function typeChoice(chosen: ChosenNode, catalog: Pick<PlanCatalog, "isEstimate">): TypeChoice {
  const answers = explainTypes(chosen);
  const isOpen = ({ type }: TypeAnswer): boolean => chosen.open?.has(type.name) !== false;
  const fitting = answers.filter((answer) => answer.refusal === undefined && isOpen(answer));
  const purchases = fitting
    .flatMap((answer) => purchasesOf(answer, chosen, catalog))
    .sort((a, b) => a.usdPerHour - b.usdPerHour || Number(b.chosen) - Number(a.chosen));
  const own = purchases.find((one) => one.chosen);
  const second = purchases.find(({ instanceType }) => instanceType !== chosen.instanceType);
  const ownAnswer = answers.find(({ type }) => type.name === chosen.instanceType);
  const smaller = ownAnswer === undefined ? undefined : nextSmaller(ownAnswer.type, answers);
  const cheaper = own === undefined ? undefined : nextCheaper(own.usdPerHour, answers);
  return {
    nodePool: chosen.pool.name,
    content: quantitiesOf(addAmounts(chosen.content, ownAnswer?.daemonRequests ?? new Map())),
    considered: answers.length,
    rejected: rejectedTypes(answers, isOpen, chosen.pool.name),
    fitting: cut(purchases),
    fittingTypes: fitting.length,
    ...(second === undefined || own === undefined ? {} : { runnerUp: runnerUp(second, own) }),
    restrictions: own === undefined ? [] : restrictionsOf(chosen, own.usdPerHour, catalog),
    ...(smaller === undefined ? {} : { smaller }),
    ...(cheaper === undefined ? {} : { cheaper }),
  };
}

/** The chosen one stays, however dear it is. */
function cut(purchases: readonly Purchase[]): readonly Purchase[] {
  return purchases.filter(({ chosen }, index) => chosen || index < PURCHASES_MAX);
}

function runnerUp(second: Purchase, own: Purchase): NonNullable<TypeChoice["runnerUp"]> {
  const dearerUsdPerHour = second.usdPerHour - own.usdPerHour;
  return { ...second, dearerUsdPerHour, dearerRatio: own.usdPerHour === 0 ? 0 : dearerUsdPerHour / own.usdPerHour };
}

/** Zones with one price are one purchase. */
function purchasesOf(
  { type, offerings, daemonRequests }: TypeAnswer,
  { content, instanceType, zone, capacityType }: ChosenNode,
  catalog: Pick<PlanCatalog, "isEstimate">,
): readonly Purchase[] {
  const allocatable = subtractAmounts(type.capacity, type.overhead);
  const needed = addAmounts(content, daemonRequests);
  const fill = (resource: string): number => (needed.get(resource) ?? 0) / Math.max(1, allocatable.get(resource) ?? 0);
  const groups = new Map<string, Purchase & { readonly zones: string[] }>();
  for (const offering of offerings) {
    const id = `${offering.capacityType} ${offering.priceUsdPerHour}`;
    const own =
      type.name === instanceType && offering.capacityType === capacityType && (zone === "" || offering.zone === zone);
    const group = groups.get(id);
    groups.set(id, {
      instanceType: type.name,
      zones: [...(group?.zones ?? []), offering.zone],
      capacityType: offering.capacityType,
      usdPerHour: offering.priceUsdPerHour,
      priceIsEstimate: catalog.isEstimate(type.name, offering.capacityType),
      cpuFill: fill("cpu"),
      memoryFill: fill("memory"),
      chosen: own || group?.chosen === true,
    });
  }
  return [...groups.values()];
}

/** The largest type of the family that is smaller, if the content is too large for it. */
function nextSmaller(own: InstanceType, answers: readonly TypeAnswer[]): Lacking | undefined {
  const size = ({ capacity }: InstanceType): number =>
    (capacity.get("cpu") ?? 0) * 1e12 + (capacity.get("memory") ?? 0);
  let next: TypeAnswer | undefined;
  for (const answer of answers)
    if (familyOf(answer.type) === familyOf(own) && size(answer.type) < size(own))
      if (next === undefined || size(answer.type) > size(next.type)) next = answer;
  return next && lackingOf(next);
}

/** The dearest that is cheaper and meets all requirements, so that only its size is against it. */
function nextCheaper(usdPerHour: number, answers: readonly TypeAnswer[]): TypeChoice["cheaper"] {
  let next: TypeChoice["cheaper"];
  for (const answer of answers) {
    const price = answer.offerings[0]?.priceUsdPerHour ?? Number.POSITIVE_INFINITY;
    const lacking = price < usdPerHour ? lackingOf(answer) : undefined;
    if (lacking !== undefined && price > (next?.usdPerHour ?? 0)) next = { ...lacking, usdPerHour: price };
  }
  return next;
}

function lackingOf({ type, refusal }: TypeAnswer): Lacking | undefined {
  if (refusal?.shortfall === undefined) return undefined;
  const { key, shortfall } = refusal;
  return {
    instanceType: type.name,
    resource: key,
    needed: formatAmount(key, shortfall.needed),
    offered: formatAmount(key, Math.floor(shortfall.offered)),
  };
}
