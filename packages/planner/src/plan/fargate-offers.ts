import type { PersistentVolume, PersistentVolumeClaim, Pod } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import {
  type ClaimLookup,
  type FargateSize,
  fargatePriceUsdPerHour,
  fargateSize,
  nodeConstraints,
  refusalClauses,
  refusalMessage,
} from "@nodeless/fargate";
import type { PlanCatalog, PlanInput } from "../contract.ts";

/** What Fargate would do with a pod, whatever the profiles say. */
export type FargateOffer =
  | {
      readonly kind: "size";
      readonly size: FargateSize;
      readonly usdPerHour: number;
      /** The region's own price is not known. */
      readonly priceIsEstimate: boolean;
    }
  | {
      readonly kind: "refused";
      readonly rule: "unsupported" | "resources" | "size" | "node-selector";
      readonly message: string;
      readonly remedy: string;
    };

/** Where a price is taken from when the region's own is not known. */
const PRICE_FALLBACK_REGION = "us-east-1";
const REMEDY_ELSEWHERE =
  "let the pod run on EC2: narrow the profile's selectors, or annotate the pod template with eks.amazonaws.com/compute-type: ec2";

/** What a micro-VM has; there are no GPUs and no huge pages. Source: fargate.md §7. */
const FARGATE_RESOURCES: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

/** Asks Fargate about pods; equal pods of one owner share their spec and are asked about once. */
export function fargateOffers(
  input: Pick<PlanInput, "persistentVolumeClaims" | "persistentVolumes">,
  catalog: Pick<PlanCatalog, "region" | "zones">,
): (pod: Pod) => FargateOffer {
  const claims = claimLookups(input);
  const known = new WeakMap<Pod["spec"], FargateOffer>();
  return (pod) => {
    let offer = known.get(pod.spec);
    if (offer === undefined) {
      offer = offerFor(pod, claims(pod.metadata.namespace ?? "default"), catalog);
      known.set(pod.spec, offer);
    }
    return offer;
  };
}

function offerFor(
  pod: Pod,
  claim: ClaimLookup,
  { region, zones }: Pick<PlanCatalog, "region" | "zones">,
): FargateOffer {
  const clauses = refusalClauses(pod, claim);
  if (clauses.length > 0)
    return { kind: "refused", rule: "unsupported", message: refusalMessage(clauses), remedy: REMEDY_ELSEWHERE };
  const constraints = nodeConstraints(pod.spec, region);
  if (constraints.kind === "unsatisfiable")
    return {
      kind: "refused",
      rule: "node-selector",
      message: `a Fargate node cannot satisfy ${constraints.requirement}`,
      remedy: `remove that node selector, or ${REMEDY_ELSEWHERE}`,
    };
  if (constraints.zones !== undefined && !constraints.zones.some((zone) => zones.includes(zone)))
    return {
      kind: "refused",
      rule: "node-selector",
      message: `zone ${constraints.zones.join(", ")} is none of ${zones.join(", ")}`,
      remedy: "name a zone of the region",
    };
  const foreign = [...podRequests(pod.spec)].find(([name, amount]) => amount > 0 && !FARGATE_RESOURCES.has(name));
  if (foreign !== undefined)
    return { kind: "refused", rule: "resources", message: `Fargate has no ${foreign[0]}`, remedy: REMEDY_ELSEWHERE };
  const sizing = fargateSize(pod);
  if (sizing.kind === "too-large")
    return {
      kind: "refused",
      rule: "size",
      message: sizing.message,
      remedy: `lower the requests, or ${REMEDY_ELSEWHERE}`,
    };
  const own = fargatePriceUsdPerHour(sizing.size, region);
  const usdPerHour = own ?? fargatePriceUsdPerHour(sizing.size, PRICE_FALLBACK_REGION);
  if (usdPerHour === undefined) throw new Error(`the catalogue has no Fargate prices of ${PRICE_FALLBACK_REGION}`);
  return { kind: "size", size: sizing.size, usdPerHour, priceIsEstimate: own === undefined };
}

/** Claims as they will be once the manifests are applied: a claim that a volume of the input waits for counts as bound. */
function claimLookups({
  persistentVolumeClaims,
  persistentVolumes,
}: Pick<PlanInput, "persistentVolumeClaims" | "persistentVolumes">): (namespace: string) => ClaimLookup {
  const byKey = new Map(
    persistentVolumeClaims.map((claim) => [`${claim.metadata.namespace ?? "default"}/${claim.metadata.name}`, claim]),
  );
  return (namespace) => (name) => {
    const claim = byKey.get(`${namespace}/${name}`);
    if (claim === undefined || claim.status?.phase !== undefined) return claim;
    return persistentVolumes.some((volume) => willBind(volume, claim))
      ? { ...claim, status: { ...claim.status, phase: "Bound" } }
      : claim;
  };
}

/** Fargate mounts static EFS volumes only, so a volume must be there already. */
function willBind({ metadata, spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (spec?.csi?.driver !== "efs.csi.aws.com") return false;
  if ((claim.spec?.volumeName ?? "") !== "") return claim.spec?.volumeName === metadata.name;
  const reserved = spec.claimRef;
  if (reserved?.name !== undefined)
    return (
      reserved.name === claim.metadata.name &&
      (reserved.namespace ?? "default") === (claim.metadata.namespace ?? "default")
    );
  return (spec.storageClassName ?? "") === (claim.spec?.storageClassName ?? "");
}
