import type { SchedulingBound, SchedulingInput, SchedulingPlan } from "@nodeless/scheduling";
import type { PlanKnob } from "../contract.ts";
import { applyKnobs, percent } from "./apply-knobs.ts";
import { familyOf } from "./instance-labels.ts";
import { boundOf } from "./packing-gears.ts";
import { cheapestPurchase } from "./plan-nodes.ts";
import type { PlanKnobs, PlanOptions } from "./plan-options.ts";

/** More families than this are not asked about: each costs one more bound. */
const FAMILIES_PRICED_MAX = 12;

/** What each knob costs: the bound without it; and, if asked for, the bound without each family that the plan uses. */
export function knobPrices(
  placed: SchedulingInput,
  { options, bound, plan, fargateUsdPerHour }: Priced,
): readonly PlanKnob[] {
  const { knobs = {} } = options;
  const inForce = knobsInForce(knobs);
  if (inForce.length === 0 && options.priceFamilies !== true) return [];
  // A search lifts the plan's own bound beyond what prices alone say, and so does time: both sides are taken without it.
  const byPrices = boundOf(applyKnobs(placed, knobs).input);
  const own = (byPrices ?? bound.lowerBoundUsdPerHour) + fargateUsdPerHour;
  const priced = (name: string, isInForce: boolean, changed: PlanKnobs): readonly PlanKnob[] => {
    const other = boundOf(applyKnobs(placed, changed).input);
    // Some pod cannot do without it: there is nothing to compare.
    if (other === undefined) return [];
    const lowerBoundUsdPerHour = other + fargateUsdPerHour;
    return [
      { name, inForce: isInForce, lowerBoundUsdPerHour, changeRatio: own === 0 ? 0 : lowerBoundUsdPerHour / own - 1 },
    ];
  };
  const lifted = inForce.flatMap(({ key, name }) => {
    const { [key]: _lifted, ...others } = knobs;
    return priced(name, true, others);
  });
  if (options.priceFamilies !== true) return lifted;
  const { excludedFamilies = [] } = knobs;
  const without = usedFamilies(plan).flatMap((family) =>
    priced(`without family ${family}`, false, { ...knobs, excludedFamilies: [...excludedFamilies, family] }),
  );
  return [...lifted, ...without];
}

interface Priced {
  readonly options: PlanOptions;
  readonly bound: SchedulingBound;
  readonly plan: SchedulingPlan;
  /** The same with and without any knob. */
  readonly fargateUsdPerHour: number;
}

function knobsInForce(knobs: PlanKnobs): readonly { readonly key: keyof PlanKnobs; readonly name: string }[] {
  const { maxNodeShare, maxVcpus, generations, families, excludedFamilies, spotShare } = knobs;
  return [
    ...(maxNodeShare === undefined
      ? []
      : [{ key: "maxNodeShare" as const, name: `largest node ${percent(maxNodeShare)} of all cpu` }]),
    ...(maxVcpus === undefined ? [] : [{ key: "maxVcpus" as const, name: `largest node ${maxVcpus} vCPU` }]),
    ...(generations === undefined ? [] : [{ key: "generations" as const, name: generationsText(generations) }]),
    ...(families === undefined ? [] : [{ key: "families" as const, name: listText("only", families) }]),
    ...(excludedFamilies === undefined
      ? []
      : [{ key: "excludedFamilies" as const, name: listText("without", excludedFamilies) }]),
    ...(spotShare === undefined ? [] : [{ key: "spotShare" as const, name: `spot share ${percent(spotShare)}` }]),
  ];
}

/** `without family t3`, `without families t3, t3a` */
const listText = (verb: string, families: readonly string[]): string =>
  `${verb} ${families.length === 1 ? "family" : "families"} ${families.join(", ")}`;

/** `generation 6`, `generations 6, 7`; `generations 6+` for a list that has no end in practice. */
function generationsText(generations: readonly number[]): string {
  const [first] = generations;
  if (generations.length === 1) return `generation ${first}`;
  return `generations ${generations.length > LISTED_MAX ? `${first}+` : generations.join(", ")}`;
}

const LISTED_MAX = 10;

function usedFamilies({ claims }: SchedulingPlan): readonly string[] {
  const nodes = new Map<string, number>();
  for (const claim of claims) {
    const family = familyOf(cheapestPurchase(claim).type);
    nodes.set(family, (nodes.get(family) ?? 0) + 1);
  }
  const byUse = [...nodes].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return byUse.slice(0, FAMILIES_PRICED_MAX).map(([family]) => family);
}
