import { type Amounts, amountsOf, largestOf, type QuantityList, sumOf } from "./quantity-arithmetic.ts";

/** A Kubernetes object as YAML gives it, as far as the checker reads it. */
export interface Manifest {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata?: Metadata;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly items?: readonly Manifest[];
  readonly fargateProfiles?: readonly Profile[];
}

export interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Profile {
  readonly name: string;
  readonly selectors: readonly { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }[];
}

export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Expression[];
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface AffinityTerm {
  readonly topologyKey: string;
  readonly labelSelector?: LabelSelector;
  readonly namespaces?: readonly string[];
}

export interface Spread {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable?: string;
  readonly minDomains?: number;
  readonly labelSelector?: LabelSelector;
}

interface Resources {
  readonly requests?: QuantityList;
  readonly limits?: QuantityList;
}

interface Container {
  readonly resources?: Resources;
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly hostPort?: number; readonly hostIP?: string; readonly protocol?: string }[];
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly overhead?: QuantityList;
  readonly resources?: Resources;
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly topologySpreadConstraints?: readonly Spread[];
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly [REQUIRED]?: {
        readonly nodeSelectorTerms: readonly { readonly matchExpressions?: readonly Expression[] }[];
      };
    };
    readonly podAffinity?: { readonly [REQUIRED]?: readonly AffinityTerm[] };
    readonly podAntiAffinity?: { readonly [REQUIRED]?: readonly AffinityTerm[] };
  };
}

/** A pod with what the rules need to know of it. */
export interface CheckedPod {
  readonly key: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
  readonly requests: Amounts;
  readonly isDaemon: boolean;
  readonly terms: readonly (readonly Expression[])[];
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  readonly hostPorts: readonly string[];
}

/** Objects of all documents, lists taken apart. */
export function flatten(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.flatMap((one) => (one.items === undefined ? [one] : flatten(one.items)));
}

interface Template {
  readonly metadata?: Metadata;
  readonly spec?: PodSpec;
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly parallelism?: number;
  readonly completions?: number;
  readonly template?: Template;
  readonly jobTemplate?: { readonly spec: WorkloadSpec };
}

/** Every pod the manifests ask for: bare ones, and `name-0` … of each controller. Those of DaemonSets come once, with `isDaemon`. */
export function podsOf(manifests: readonly Manifest[]): readonly CheckedPod[] {
  return flatten(manifests).flatMap(({ kind, metadata = {}, spec = {} }): readonly CheckedPod[] => {
    const { name = "", namespace = "default" } = metadata;
    if (kind === "Pod") return [podOf({ name, namespace, isDaemon: false }, { metadata, spec: spec as PodSpec })];
    const workload = spec as WorkloadSpec;
    const job = workload.jobTemplate?.spec ?? workload;
    if (job.template === undefined || !MAKES_PODS.has(kind)) return [];
    if (kind === "DaemonSet") return [podOf({ name, namespace, isDaemon: true }, job.template)];
    const parallelism = job.parallelism ?? 1;
    const pods = kind.endsWith("Job") ? Math.min(parallelism, job.completions ?? parallelism) : (job.replicas ?? 1);
    const { template } = job;
    return Array.from({ length: pods }, (_, index) =>
      podOf({ name: `${name}-${index}`, namespace, isDaemon: false }, template),
    );
  });
}

const MAKES_PODS: ReadonlySet<string> = new Set([
  ...["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"],
  ...["DaemonSet", "Job", "CronJob"],
]);

function podOf(
  place: { readonly name: string; readonly namespace: string; readonly isDaemon: boolean },
  { metadata = {}, spec = {} }: Template,
): CheckedPod {
  const { labels = {}, annotations = {} } = metadata;
  const terms = spec.affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? [];
  return {
    key: `${place.namespace}/${place.name}`,
    namespace: place.namespace,
    labels,
    annotations,
    spec,
    requests: requestsOf(spec),
    isDaemon: place.isDaemon,
    terms: terms.map(({ matchExpressions = [] }) => matchExpressions),
    affinity: spec.affinity?.podAffinity?.[REQUIRED] ?? [],
    antiAffinity: spec.affinity?.podAntiAffinity?.[REQUIRED] ?? [],
    hostPorts: (spec.containers ?? []).flatMap(({ ports = [] }) =>
      ports.flatMap(({ hostPort, protocol = "TCP" }) => (hostPort === undefined ? [] : [`${protocol} ${hostPort}`])),
    ),
  };
}

const containerRequests = ({ resources }: Container): Amounts =>
  amountsOf({ ...resources?.limits, ...resources?.requests });

/** KEP-753: containers and sidecars together, or an init container beside the sidecars before it; then overhead. */
function requestsOf({ containers = [], initContainers = [], overhead, resources }: PodSpec): Amounts {
  const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === "Always";
  const main = sumOf([...containers, ...initContainers.filter(isSidecar)].map(containerRequests));
  const starting = initContainers.map((one, index) =>
    sumOf([...initContainers.slice(0, index).filter(isSidecar), one].map(containerRequests)),
  );
  const whole = new Map([...largestOf([main, ...starting]), ...amountsOf(resources?.requests)]);
  return sumOf([new Map([...whole].filter(([, amount]) => amount > 0n)), amountsOf(overhead)]);
}
