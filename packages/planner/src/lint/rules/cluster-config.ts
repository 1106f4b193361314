import type { SourceDocument } from "../../contract.ts";
import { isPlainObject } from "../../manifests/schema/check-value.ts";
import type { LintHit, LintRule } from "../model.ts";
import { atDocument, eachDocument, valueAt } from "./hits.ts";

const at = ({ object }: SourceDocument, path: string): unknown => valueAt(object, path.split("."));
const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

/** Mistakes in eksctl ClusterConfigs beside their profiles. */
export const CLUSTER_CONFIG_RULES: readonly LintRule[] = [
  {
    id: "cluster-oidc",
    severity: "error",
    title: "service accounts with roles, and no OIDC provider",
    why: "eksctl stops: `iam.withOIDC must be enabled explicitly for iam.serviceAccounts to be created`, and `iam.withOIDC must be enabled with Karpenter`.",
    source: "eksctl, IAM roles for service accounts, Karpenter support",
    check: eachConfig(function* (document) {
      if (at(document, "iam.withOIDC") === true) return;
      for (const [path, what] of [
        [["iam", "serviceAccounts"], "iam.serviceAccounts needs"],
        [["karpenter"], "karpenter needs"],
      ] as const)
        if (valueAt(document.object, path) !== undefined)
          yield atDocument(document, path, {
            message: `${what} the cluster's IAM OIDC provider`,
            remedy: "set iam.withOIDC: true",
          });
    }),
  },
  {
    id: "cluster-cidr",
    severity: "error",
    title: "address ranges that collide",
    why: "Service addresses inside the VPC's range (or that of a peer) are not reached; a public range hides those hosts of the internet from the pods.",
    source: "EKS user guide, VPC requirements; RFC 1918, RFC 6598",
    check: eachConfig(function* (document) {
      const vpc = rangeOf(at(document, "vpc.cidr"));
      const services = rangeOf(at(document, "kubernetesNetworkConfig.serviceIPv4CIDR"));
      if (vpc !== undefined && services !== undefined && vpc.first <= services.last && services.first <= vpc.last)
        yield atDocument(document, ["kubernetesNetworkConfig", "serviceIPv4CIDR"], {
          message: `${services.text} overlaps the VPC's ${vpc.text}`,
          remedy: "choose another block, such as 172.20.0.0/16, or leave it out",
        });
      if (vpc !== undefined && !PRIVATE.some((block) => contains(block, vpc)))
        yield atDocument(document, ["vpc", "cidr"], {
          message: `${vpc.text} is not private`,
          remedy: "take a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        });
      if (vpc !== undefined && vpc.text !== vpc.canonical)
        yield atDocument(document, ["vpc", "cidr"], {
          message: `${vpc.text} has bits behind its mask`,
          remedy: `write ${vpc.canonical}`,
        });
    }),
  },
  {
    id: "cluster-nat",
    severity: "error",
    title: "Fargate without a way out of the VPC",
    why: "Fargate pods run in private subnets: without a NAT gateway or endpoints they neither pull images nor register (`Pod provisioning timed out`).",
    source: "EKS user guide, Fargate considerations, private clusters",
    check: eachConfig(function* (document) {
      if (
        at(document, "vpc.nat.gateway") === "Disable" &&
        at(document, "privateCluster.enabled") !== true &&
        isFilled(at(document, "fargateProfiles"))
      )
        yield atDocument(document, ["vpc", "nat", "gateway"], {
          message: "no NAT gateway, and no endpoints of a private cluster",
          remedy: "Single for a try, HighlyAvailable for production, or privateCluster.enabled: true",
        });
    }),
  },
  {
    id: "cluster-endpoint",
    severity: "error",
    title: "API server that Fargate pods cannot reach",
    why: "With private access off the pods come through the NAT gateway, whose address restricted CIDRs leave out: they cannot register. With both off nobody can connect.",
    source: "EKS user guide, cluster endpoint access",
    check: eachConfig(function* (document) {
      if (at(document, "vpc.clusterEndpoints.privateAccess") !== false) return;
      const path = ["vpc", "clusterEndpoints", "privateAccess"];
      if (at(document, "vpc.clusterEndpoints.publicAccess") === false)
        yield atDocument(document, path, {
          message: "neither public nor private access is on",
          remedy: "privateAccess: true",
        });
      else if (isFilled(at(document, "vpc.publicAccessCIDRs")))
        yield atDocument(document, path, {
          message: "public access is limited to publicAccessCIDRs, and private access is off",
          remedy: "privateAccess: true",
        });
    }),
  },
  {
    id: "cluster-zones",
    severity: "error",
    title: "availability zones that EKS refuses",
    why: "EKS needs subnets in at least two zones of the cluster's region.",
    source: "EKS user guide, VPC requirements",
    check: eachConfig(function* (document) {
      const zones = at(document, "availabilityZones");
      const region = at(document, "metadata.region");
      if (!Array.isArray(zones)) return;
      if (new Set(zones).size === 1)
        yield atDocument(document, ["availabilityZones"], {
          message: "one zone only",
          remedy: "name at least two, or none: then three are chosen",
        });
      for (const [index, zone] of zones.entries())
        if (typeof region === "string" && typeof zone === "string" && !zone.startsWith(region))
          yield atDocument(document, ["availabilityZones", index], {
            message: `${zone} is not in ${region}`,
            remedy: `write ${region}a`,
          });
    }),
  },
  {
    id: "profile-public-subnet",
    severity: "error",
    title: "Fargate profile in a public subnet",
    why: "EKS refuses it: `Subnet … provided in Fargate Profile is not a private subnet`.",
    source: "EKS user guide, Fargate profiles",
    check: eachConfig(function* (document) {
      const publicSubnets = at(document, "vpc.subnets.public");
      const ids = Object.values(isPlainObject(publicSubnets) ? publicSubnets : {}).map((subnet) =>
        valueAt(subnet, ["id"]),
      );
      const profiles = at(document, "fargateProfiles");
      for (const [index, profile] of (Array.isArray(profiles) ? profiles : []).entries()) {
        const subnets = valueAt(profile, ["subnets"]);
        for (const [position, subnet] of (Array.isArray(subnets) ? subnets : []).entries())
          if (ids.includes(subnet))
            yield atDocument(document, ["fargateProfiles", index, "subnets", position], {
              message: `${String(subnet)} is one of vpc.subnets.public`,
              remedy: "name private subnets, or none: then EKS takes those of the cluster",
            });
      }
    }),
  },
  {
    id: "addon-configuration",
    severity: "error",
    title: "add-on configuration that EKS refuses",
    why: "configurationValues is checked against the add-on's schema when it is created: broken JSON is refused, and of CoreDNS a fixed replicaCount together with autoScaling.",
    source: "EKS user guide, add-on configuration, CoreDNS autoscaling",
    check: eachConfig(function* (document) {
      const addons = at(document, "addons");
      for (const [index, addon] of (Array.isArray(addons) ? addons : []).entries()) {
        const values = isPlainObject(addon) ? addon["configurationValues"] : undefined;
        if (!isPlainObject(addon) || typeof values !== "string" || !/^\s*\{/.test(values)) continue;
        const said = configurationProblem(values, addon["name"] === "coredns");
        if (said !== undefined) yield atDocument(document, ["addons", index, "configurationValues"], said);
      }
    }),
  },
];

function eachConfig(check: (document: SourceDocument) => Iterable<LintHit>): LintRule["check"] {
  return eachDocument(["ClusterConfig"], check);
}

function configurationProblem(
  text: string,
  isCoreDns: boolean,
): { readonly message: string; readonly remedy: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return {
      message: `is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      remedy: "correct it, in single quotes",
    };
  }
  if (!isCoreDns || !isPlainObject(value)) return undefined;
  const { computeType, replicaCount, autoScaling } = value;
  if (computeType !== undefined && !/^(fargate|ec2)$/i.test(String(computeType)))
    return {
      message: `computeType ${JSON.stringify(computeType)} is unknown`,
      remedy: 'write {"computeType":"Fargate"}',
    };
  if (replicaCount !== undefined && isPlainObject(autoScaling) && autoScaling["enabled"] === true)
    return {
      message: "replicaCount and autoScaling contradict each other",
      remedy: "remove replicaCount, and set autoScaling.minReplicas",
    };
  return undefined;
}

interface Range {
  readonly text: string;
  /** With the bits behind the mask cleared. */
  readonly canonical: string;
  readonly first: number;
  readonly last: number;
}

/** Addresses of an IPv4 block; undefined for other text, which the parser of the file refuses. */
function rangeOf(text: unknown): Range | undefined {
  const match = typeof text === "string" ? /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text) : null;
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((byte) => byte > 255) || bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(address / size) * size;
  const canonical = `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${bits}`;
  return { text: match[0], canonical, first, last: first + size - 1 };
}

const PRIVATE: readonly Range[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "198.19.0.0/16",
].flatMap((text) => rangeOf(text) ?? []);

const contains = (outer: Range, inner: Range): boolean => outer.first <= inner.first && inner.last <= outer.last;
