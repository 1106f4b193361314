import type { Pod, Taint } from "@nodeless/api";
import { LABELS, TAINTS } from "@nodeless/api";
import type { Random } from "@nodeless/environment";
import type { MicroVmAddress } from "../contract.ts";
import type { FargateSize } from "../sizing.ts";

/** What the kubelet of a micro-VM is started with; structurally the control plane's NodeRegistration. */
export interface MicroVmNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly providerId: string;
  readonly internalIp: string;
  readonly hostname: string;
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly kubeletVersion: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  readonly containerRuntimeVersion: string;
  readonly architecture: "amd64" | "arm64";
  allocatePodIp(pod: Pod): string | undefined;
  releasePodIp(ip: string): void;
}

/** Facts that make one micro-VM's node. */
export interface MicroVmFacts {
  readonly address: MicroVmAddress;
  readonly region: string;
  readonly providerId: string;
  readonly size: FargateSize;
  readonly kubeletVersion: string;
}

/** Domain of private DNS names; the oldest region kept its own. */
const domainOf = (region: string): string => (region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`);

const dnsNameOf = (ip: string, region: string): string => `ip-${ip.replaceAll(".", "-")}.${domainOf(region)}`;

/** `fargate-ip-10-7-94-68.ap-northeast-2.compute.internal` */
export function microVmNodeName(ip: string, region: string): string {
  return `fargate-${dnsNameOf(ip, region)}`;
}

/** The address in a node's name: the name is all that is left of it after a restart. */
export function ipOfNodeName(name: string): string | undefined {
  const match = /^fargate-ip-(\d+)-(\d+)-(\d+)-(\d+)\./.exec(name);
  return match === null ? undefined : match.slice(1).join(".");
}

/** `aws:///<zone>/<10 hex>-<32 hex>/<node name>`: there is no EC2 instance behind it. */
export function microVmProviderId(random: Random, zone: string, nodeName: string): string {
  const hex = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString("hex");
  return `aws:///${zone}/${hex(5)}-${hex(16)}/${nodeName}`;
}

/** The node of a micro-VM as it registers. Source: nodes of real clusters (fargate.md §5). */
export function microVmNode({ address, region, providerId, size, kubeletVersion }: MicroVmFacts): MicroVmNode {
  const { ip, zone } = address;
  const hostname = dnsNameOf(ip, region);
  return {
    name: microVmNodeName(ip, region),
    labels: {
      "beta.kubernetes.io/arch": "amd64",
      "beta.kubernetes.io/os": "linux",
      [LABELS.computeType]: "fargate",
      "failure-domain.beta.kubernetes.io/region": region,
      "failure-domain.beta.kubernetes.io/zone": zone,
      [LABELS.arch]: "amd64",
      // Without the prefix of the node's name, as on real nodes.
      [LABELS.hostname]: hostname,
      [LABELS.os]: "linux",
      [LABELS.region]: region,
      [LABELS.zone]: zone,
    },
    annotations: {
      "node.alpha.kubernetes.io/ttl": "0",
      "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    },
    taints: [{ key: TAINTS.fargate, value: "fargate", effect: "NoSchedule" }],
    providerId,
    internalIp: ip,
    hostname,
    ...backingResources(size),
    kubeletVersion,
    osImage: "Amazon Linux 2",
    kernelVersion: "5.10.0-nodeless",
    containerRuntimeVersion: "containerd://1.7.0",
    architecture: "amd64",
    // One interface, one address: the node's is the pod's.
    allocatePodIp: () => ip,
    releasePodIp: () => undefined,
  };
}

const KIB_PER_GIB = 1_048_576;
/** A 4 GiB machine reports 4037540Ki. */
const FIRMWARE_KIB = 4 * KIB_PER_GIB - 4_037_540;
/** The kubelet's eviction threshold. */
const EVICTION_KIB = 102_400;
/** Disk of a machine with the 20 GiB that are included. */
const BASE_DISK_KIB = 30_832_548;
const INCLUDED_STORAGE_GIB = 20;
/** The kubelet keeps a tenth of the disk free. */
const DISK_ALLOCATABLE_PERCENT = 90;

/** The machine behind a size: the next power of two, 2 cores and 4 GiB at least. It says nothing about what is paid for. */
function backingResources(size: FargateSize): Pick<MicroVmNode, "capacity" | "allocatable"> {
  const cpu = String(Math.max(2, powerOfTwo(size.vcpuMillicores / 1_000)));
  const memoryKib = Math.max(4, powerOfTwo(size.memoryGb)) * KIB_PER_GIB - FIRMWARE_KIB;
  const diskKib = BASE_DISK_KIB + (size.ephemeralStorageGib - INCLUDED_STORAGE_GIB) * KIB_PER_GIB;
  return {
    capacity: { cpu, memory: `${memoryKib}Ki`, "ephemeral-storage": `${diskKib}Ki`, pods: "1" },
    allocatable: {
      cpu,
      memory: `${memoryKib - EVICTION_KIB}Ki`,
      "ephemeral-storage": String(Math.floor((diskKib * 1_024 * DISK_ALLOCATABLE_PERCENT) / 100)),
      pods: "1",
    },
  };
}

const powerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(value));
