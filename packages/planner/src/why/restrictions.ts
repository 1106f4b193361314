import { LABELS } from "@nodeless/api";
import { explainTypes, formatRequirement, type NodeQuestion, type RequirementLayer } from "@nodeless/scheduling";
import type { PlanCatalog } from "../contract.ts";
import type { Restriction } from "./explanation.ts";

/** Each is one more look at all types. */
const ASKED_MAX = 32;
const SHOWN_MAX = 5;
/** Less is rounding. */
const SAVING_MIN_USD = 1e-6;

/** A node is of its pool, and its host is its own: nobody can do without these. */
const GIVEN: ReadonlySet<string> = new Set([LABELS.nodePool, LABELS.provisionerName, LABELS.hostname]);

/** What each requirement costs: the cheapest that would hold the content if that one alone were lifted, the largest saving first. */
export function restrictionsOf(
  question: NodeQuestion,
  usdPerHour: number,
  catalog: Pick<PlanCatalog, "isEstimate">,
): readonly Restriction[] {
  const lifts = question.layers.flatMap((layer) =>
    [...layer.requirements.values()].filter(({ key }) => !GIVEN.has(key)).map((lifted) => ({ layer, lifted })),
  );
  return lifts
    .slice(0, ASKED_MAX)
    .flatMap(({ layer, lifted }): readonly Restriction[] => {
      const layers = question.layers.map((one) => (one === layer ? without(one, lifted.key) : one));
      const best = explainTypes({ ...question, layers }).find(({ refusal }) => refusal === undefined);
      const [offering] = best?.offerings ?? [];
      const savesUsdPerHour = usdPerHour - (offering?.priceUsdPerHour ?? usdPerHour);
      if (best === undefined || offering === undefined || savesUsdPerHour < SAVING_MIN_USD) return [];
      return [
        {
          by: layer.by,
          requirement: formatRequirement(lifted),
          instanceType: best.type.name,
          zone: offering.zone,
          capacityType: offering.capacityType,
          usdPerHour: offering.priceUsdPerHour,
          priceIsEstimate: catalog.isEstimate(best.type.name, offering.capacityType),
          savesUsdPerHour,
        },
      ];
    })
    .sort((a, b) => b.savesUsdPerHour - a.savesUsdPerHour)
    .slice(0, SHOWN_MAX);
}

function without({ by, requirements }: RequirementLayer, key: string): RequirementLayer {
  return { by, requirements: new Map([...requirements].filter(([other]) => other !== key)) };
}
