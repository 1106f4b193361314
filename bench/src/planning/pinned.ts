import { LABELS, type Pod } from "@nodeless/api";
import { seededRandom } from "@nodeless/environment";
import { oneOf, ZONE } from "./pods.ts";

/** Shares of pods that name an architecture, a zone, a capacity type, independently of each other. */
const AMD64_SHARE = 0.5;
const ZONE_SHARE = 0.25;
const ON_DEMAND_SHARE = 0.3;

/** The pods with selectors as clusters have them: with three zones, two architectures and two capacity types twelve kinds of offerings matter. */
export function pinned(pods: readonly Pod[], zones: readonly string[]): readonly Pod[] {
  const random = seededRandom(3);
  return pods.map((pod) => {
    const nodeSelector = {
      ...(random.next() < AMD64_SHARE ? { [LABELS.arch]: "amd64" } : {}),
      ...(random.next() < ZONE_SHARE ? { [ZONE]: oneOf(random, zones) } : {}),
      ...(random.next() < ON_DEMAND_SHARE ? { [LABELS.capacityType]: "on-demand" } : {}),
    };
    return { ...pod, spec: { ...pod.spec, nodeSelector } };
  });
}
