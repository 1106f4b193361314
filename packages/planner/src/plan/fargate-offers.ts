import type { PersistentVolume, Pod } from "@nodeless/api";
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
      /** `region`: there is no Fargate at all. */
      readonly rule: "unsupported" | "resources" | "size" | "node-selector" | "region";
      readonly message: string;
      readonly remedy: string;
    };

/** Where a price is taken from when that of an AWS region is not known. */
const PRICE_FALLBACK_REGION = "us-east-1";
const REMEDY_ELSEWHERE =
  "let the pod run on EC2: narrow the profile's selectors, or annotate the pod template with eks.amazonaws.com/compute-type: ec2";

/** Names of AWS regions, of those to come too: a catalogue of one's own may be of any other place. */
const AWS_REGION =
  /^(af|ap|ca|cn|eu|eusc-de|il|me|mx|sa|us|us-gov|us-iso[a-z]?)-(central|(north|south)(east|west)?|east|west)-[1-9]$/;

/** What a micro-VM has; there are no GPUs and no huge pages. Source: fargate.md §7. */
const FARGATE_RESOURCES: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

/** Asks Fargate about pods; equal pods of one owner share their spec and are asked about once. */
export function fargateOffers(
  input: Pick<PlanInput, "persistentVolumeClaims" | "persistentVolumes">,
  catalog: Pick<PlanCatalog, "region" | "zones">,
): (pod: Pod) => FargateOffer {
  const storage = storageOf(input);
  const known = new WeakMap<Pod["spec"], FargateOffer>();
  return (pod) => {
    let offer = known.get(pod.spec);
    if (offer === undefined) {
      offer = offerFor(pod, storage(pod.metadata.namespace ?? "default"), catalog);
      known.set(pod.spec, offer);
    }
    return offer;
  };
}

function offerFor(pod: Pod, storage: Storage, { region, zones }: Pick<PlanCatalog, "region" | "zones">): FargateOffer {
  if (!AWS_REGION.test(region))
    return {
      kind: "refused",
      rule: "region",
      message: `there is no Fargate in ${region}, which is no AWS region`,
      remedy: "give a catalogue whose region is one of AWS",
    };
  const clauses = refusalClauses(pod, storage.claim);
  if (clauses.length > 0)
    return { kind: "refused", rule: "unsupported", message: refusalMessage(clauses), remedy: REMEDY_ELSEWHERE };
  const foreignDisk = foreignVolume(pod, storage);
  if (foreignDisk !== undefined)
    return { kind: "refused", rule: "unsupported", message: foreignDisk, remedy: REMEDY_ELSEWHERE };
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
      remedy: "name one of these, or make subnets there: availabilityZones of the ClusterConfig",
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

/** Volumes of the input behind a pod's claims that a micro-VM cannot mount: it mounts static EFS and NFS only. Source: fargate.md §7. */
function foreignVolume({ spec }: Pod, { claim, volume }: Storage): string | undefined {
  for (const { persistentVolumeClaim } of spec.volumes ?? []) {
    const found = persistentVolumeClaim === undefined ? undefined : claim(persistentVolumeClaim.claimName);
    const bound = volume(found?.spec?.volumeName ?? "");
    if (bound?.spec === undefined || bound.spec.nfs !== undefined || bound.spec.csi?.driver === EFS_DRIVER) continue;
    const kind = bound.spec.csi?.driver ?? "another type";
    return `PersistentVolume ${bound.metadata.name} is of ${kind}; Fargate mounts static EFS volumes only`;
  }
  return undefined;
}

const EFS_DRIVER = "efs.csi.aws.com";

interface Storage {
  readonly claim: ClaimLookup;
  readonly volume: (name: string) => PersistentVolume | undefined;
}

function storageOf({
  persistentVolumeClaims,
  persistentVolumes,
}: Pick<PlanInput, "persistentVolumeClaims" | "persistentVolumes">): (namespace: string) => Storage {
  const key = (namespace: string | undefined, name: string): string => `${namespace ?? "default"}/${name}`;
  const claims = new Map(persistentVolumeClaims.map((one) => [key(one.metadata.namespace, one.metadata.name), one]));
  const volumes = new Map(persistentVolumes.map((one) => [one.metadata.name, one]));
  return (namespace) => ({
    claim: (name) => claims.get(key(namespace, name)),
    volume: (name) => volumes.get(name),
  });
}
