import type { Container, ResourceAmounts } from "@nodeless/api";
import { ANNOTATIONS, FARGATE_SCHEDULER, LABELS, parseResourceList, podRequests } from "@nodeless/api";
import { capacityProvisionedText, type FargateSize, fargatePriceUsdPerHour, fargateSize } from "@nodeless/fargate";
import type { SourceDocument } from "../../contract.ts";
import { isPlainObject, type Path } from "../../manifests/schema/check-value.ts";
import { FARGATE_SYSTEM_BYTES, fargateRounding } from "../../plan/fargate-rounding.ts";
import { HOURS_PER_MONTH } from "../../plan/plan-document.ts";
import { memoryText, vcpuText } from "../../report/amounts.ts";
import { workloadsIn } from "../manifests/by-namespace.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atDocument, atPod, eachDocument, eachFargateWorkload, eachWorkload, valueAt } from "./hits.ts";

const GIB = 2 ** 30;
const PODS_SOURCE = "EKS user guide, Fargate pod configuration";

/** Settings that cost more than they give on Fargate, or that mean nothing there. */
export const FARGATE_SETTING_RULES: readonly LintRule[] = [
  {
    id: "fargate-rounding",
    severity: "advice",
    title: "request just above a smaller Fargate size",
    why: "Requests and 256 MiB for the system are rounded up to a size that is sold, and the size is what is paid: a request exactly on a boundary pays for the next size.",
    source: PODS_SOURCE,
    check: eachFargateWorkload(function* (workload, project) {
      const sizing = fargateSize(workload.pod);
      if (sizing.kind !== "size" || workload.pods === 0) return;
      const hit = roundingHit(workload, sizing.size, project);
      if (hit !== undefined) yield hit;
    }),
  },
  {
    id: "fargate-limit-too-high",
    severity: "warning",
    title: "limit above what the Fargate size has",
    why: "The micro-VM has the size that the requests round up to, not that of the limits: the container is throttled or killed before it reaches its limit.",
    source: `${PODS_SOURCE}; containers-roadmap #1890`,
    check: eachFargateWorkload(function* (workload) {
      for (const { path, name, limit, room } of limitsOf(workload))
        if (room !== undefined && limit > room.amount)
          yield atPod(workload, path, {
            message: `the ${name} limit ${amountText(name, limit)} is above what ${room.size} leaves for pods, ${amountText(name, room.amount)}`,
            remedy: `set the request to the limit, so that the size holds it, or the limit to the request`,
          });
    }),
  },
  {
    id: "fargate-limits-differ",
    severity: "advice",
    title: "limits and requests differ on Fargate",
    why: "A pod has its micro-VM to itself and pays for the size of its requests: a higher limit uses what the rounding leaves, and no more; with equal values what is asked for is what is paid and used.",
    source: PODS_SOURCE,
    check: eachFargateWorkload(function* (workload) {
      for (const { path, name, limit, request, room } of limitsOf(workload))
        if (limit !== request && (room === undefined || limit <= room.amount))
          yield atPod(workload, path, {
            message: `${name}: request ${amountText(name, request)}, limit ${amountText(name, limit)}`,
            remedy: "make them equal",
          });
    }),
  },
  {
    id: "fargate-job-ttl",
    severity: "warning",
    title: "finished Job stays on Fargate",
    why: "A micro-VM ends when its pod is deleted, not when it is done: pods of finished Jobs keep their address and are billed.",
    source: "EKS user guide, Fargate considerations; containers-roadmap #1284",
    check: eachFargateWorkload(function* (workload) {
      const path = JOB_PATHS.get(workload.kind);
      if (path === undefined || valueAt(workload.document.object, [...path, "ttlSecondsAfterFinished"]) !== undefined)
        return;
      yield atDocument(workload.document, path, {
        message: "has no ttlSecondsAfterFinished: its finished pods are billed until somebody deletes them",
        remedy: `add ${[...path, "ttlSecondsAfterFinished"].join(".")}: 300`,
      });
    }),
  },
  {
    id: "fargate-spread-ignored",
    severity: "advice",
    title: "topology spread on Fargate",
    why: "The fargate-scheduler ignores it: all replicas may land in one zone.",
    source: "EKS user guide, Fargate considerations; containers-roadmap #824",
    check: eachFargateWorkload(function* (workload) {
      const { topologySpreadConstraints = [] } = workload.pod.spec;
      if (topologySpreadConstraints.length > 0 && workload.pods !== 1)
        yield atPod(workload, ["spec", "topologySpreadConstraints"], {
          message: `profile ${workload.profile} takes the pods, and Fargate ignores the spread`,
          remedy: "one workload per zone with a node selector topology.kubernetes.io/zone, or one profile per zone",
        });
    }),
  },
  {
    id: "fargate-wish",
    severity: "warning",
    title: "toleration or selector for Fargate without a profile",
    why: "Neither tolerations nor selectors bring a pod to Fargate: the namespace and labels of a profile decide. The selector alone leaves the pod Pending.",
    source: "EKS user guide, Fargate profiles",
    check: eachWorkload(function* (workload, { profiles }) {
      const { match, pod } = workload;
      if (match.kind === "matched" || workload.kind === "DaemonSet") return;
      const tolerated = (pod.spec.tolerations ?? []).findIndex(({ key }) => key === LABELS.computeType);
      const selects = pod.spec.nodeSelector?.[LABELS.computeType] === "fargate";
      if (!selects && tolerated < 0) return;
      yield atPod(
        workload,
        selects ? ["spec", "nodeSelector", LABELS.computeType] : ["spec", "tolerations", tolerated],
        {
          message: `asks for Fargate, but ${match.message}`,
          remedy: `${profiles.length === 0 ? "add" : "let"} a Fargate profile ${profiles.length === 0 ? "that selects" : "select"} namespace ${workload.namespace} and the pod's labels`,
        },
      );
    }),
  },
  {
    id: "fargate-profile-label",
    severity: "error",
    title: "label names a Fargate profile that does not take the pod",
    why: "The profile of that name must exist and match the pod with one of its selectors; otherwise no profile takes the pod at all.",
    source: "EKS user guide, Fargate profiles",
    check: eachWorkload(function* (workload, { profiles }) {
      if (profiles.length > 0 && workload.match.kind === "none" && workload.match.reason === "profile-label")
        yield atPod(workload, ["metadata", "labels", LABELS.fargateProfile], {
          message: workload.match.message,
          remedy: `remove the label ${LABELS.fargateProfile}, or correct it`,
        });
    }),
  },
  {
    id: "fargate-scheduler-name",
    severity: "error",
    title: "schedulerName: fargate-scheduler without a profile",
    why: "EKS writes that name itself into pods that a profile matches; a pod that brings it along without a profile stays Pending for ever.",
    source: "eksctl, Fargate support",
    check: eachWorkload(function* (workload) {
      if (workload.pod.spec.schedulerName === FARGATE_SCHEDULER && workload.match.kind === "none")
        yield atPod(workload, ["spec", "schedulerName"], {
          message: `asks for ${FARGATE_SCHEDULER} itself, but ${workload.match.message}`,
          remedy: "remove schedulerName and let a Fargate profile select the pod",
        });
    }),
  },
  {
    id: "compute-type-value",
    severity: "error",
    title: "unknown value of eks.amazonaws.com/compute-type",
    why: "Only ec2 keeps a pod off Fargate; any other value does nothing.",
    source: "EKS user guide, CoreDNS on Fargate",
    check: eachWorkload(function* (workload) {
      const value = workload.pod.metadata.annotations?.[ANNOTATIONS.computeType];
      if (value !== undefined && value !== "ec2" && value !== "fargate")
        yield atPod(workload, ["metadata", "annotations", ANNOTATIONS.computeType], {
          message: `${JSON.stringify(value)} is not a compute type`,
          remedy: "write ec2 to keep the pod off Fargate, fargate to say the opposite",
        });
    }),
  },
  {
    id: "capacity-annotated",
    severity: "advice",
    title: "annotation CapacityProvisioned in a manifest",
    why: "EKS writes what it has sold into that annotation; setting it orders nothing.",
    source: "containers-roadmap #1309",
    check: eachWorkload(function* (workload) {
      const isLive = workload.pod.spec.nodeName !== undefined || workload.pod.spec.schedulerName === FARGATE_SCHEDULER;
      if (workload.pod.metadata.annotations?.[ANNOTATIONS.capacityProvisioned] !== undefined && !isLive)
        yield atPod(workload, ["metadata", "annotations", ANNOTATIONS.capacityProvisioned], {
          message: "orders nothing: the size comes from the requests",
          remedy: "remove it, and set cpu and memory requests",
        });
    }),
  },
  {
    id: "fargate-vpa-mode",
    severity: "warning",
    title: "VerticalPodAutoscaler mode that does nothing on Fargate",
    why: "The size of a micro-VM is fixed when its pod is created: recommendations take effect only where the autoscaler recreates the pod.",
    source: "EKS user guide, Fargate considerations",
    check: eachDocument(["VerticalPodAutoscaler"], function* (document, project) {
      const mode = valueAt(document.object, ["spec", "updatePolicy", "updateMode"]);
      const kind = valueAt(document.object, ["spec", "targetRef", "kind"]);
      const name = valueAt(document.object, ["spec", "targetRef", "name"]);
      if (mode !== "Initial" && mode !== "InPlaceOrRecreate") return;
      for (const workload of workloadsIn(project, document.namespace ?? "default"))
        if (workload.kind === kind && workload.name === name && workload.match.kind === "matched")
          yield atDocument(document, ["spec", "updatePolicy", "updateMode"], {
            message: `${mode} does not resize ${workload.subject}, which runs on Fargate`,
            remedy: "updateMode: Recreate",
          });
    }),
  },
  {
    id: "requests-missing",
    severity: "warning",
    title: "container without cpu or memory request",
    why: "On EC2 the pod counts as nothing, so nodes are overfilled and it is evicted first; on Fargate it gets what the other containers ask for, or 0.25 vCPU and 0.5 GB.",
    source: "Kubernetes, resource management for pods and containers; EKS user guide, Fargate pod configuration",
    check: eachWorkload(function* (workload) {
      const { containers, resources } = workload.pod.spec;
      if (resources?.requests !== undefined) return;
      for (const [index, container] of containers.entries()) {
        const asked = { ...container.resources?.limits, ...container.resources?.requests };
        const missing = ["cpu", "memory"].filter((name) => asked[name] === undefined);
        if (missing.length > 0)
          yield atPod(workload, ["spec", "containers", index, "resources"], {
            message: `container ${container.name} requests no ${missing.join(" and no ")}`,
            remedy: `set resources.requests.${missing.join(" and resources.requests.")}`,
          });
      }
    }),
  },
];

const JOB_PATHS: ReadonlyMap<string, Path> = new Map<string, Path>([
  ["Job", ["spec"]],
  ["CronJob", ["spec", "jobTemplate", "spec"]],
]);
/** Where a price is taken from when the region's own is not known. */
const PRICE_FALLBACK_REGION = "us-east-1";

function roundingHit(
  workload: LintWorkload & { readonly profile: string },
  size: FargateSize,
  { catalog, input }: LintProject,
): LintHit | undefined {
  const { askedMillicores, askedBytes, hint } = fargateRounding(podRequests(workload.pod.spec), size);
  if (hint === undefined) return undefined;
  const region = catalog?.region ?? input?.region ?? PRICE_FALLBACK_REGION;
  const price = (one: FargateSize): number =>
    fargatePriceUsdPerHour(one, region) ?? fargatePriceUsdPerHour(one, PRICE_FALLBACK_REGION) ?? 0;
  const saved = (price(size) - price(hint.size)) * HOURS_PER_MONTH * workload.pods;
  const isEstimate = fargatePriceUsdPerHour(size, region) === undefined;
  const lower = [
    ...(hint.millicores < askedMillicores ? [`cpu ${hint.millicores}m instead of ${askedMillicores}m`] : []),
    ...(hint.bytes < askedBytes ? [`memory ${memoryText(hint.bytes)} instead of ${memoryText(askedBytes)}`] : []),
  ].join(" and ");
  const pods = workload.pods === 1 ? "" : ` for ${workload.pods} pods`;
  return atPod(workload, resourcesPath(workload.document, workload.templatePath), {
    message: `asks for ${vcpuText(askedMillicores)} ${memoryText(askedBytes)} and pays for ${capacityProvisionedText(size)}`,
    remedy: `request ${lower}: ${capacityProvisionedText(hint.size)} saves ${isEstimate ? "about " : ""}$${saved.toFixed(2)} per month${pods}`,
  });
}

/** Of the first container that says anything about resources. */
function resourcesPath({ object }: SourceDocument, templatePath: Path): Path {
  const containers = valueAt(object, [...templatePath, "spec", "containers"]);
  const index = Array.isArray(containers)
    ? containers.findIndex((one) => isPlainObject(one) && one["resources"] !== undefined)
    : -1;
  return ["spec", "containers", Math.max(0, index), "resources"];
}

interface LimitOf {
  readonly path: Path;
  readonly name: string;
  readonly limit: number;
  readonly request: number;
  /** What the size leaves for pods; undefined when no size holds the pod. */
  readonly room: { readonly amount: number; readonly size: string } | undefined;
}

function* limitsOf({ pod }: LintWorkload): Iterable<LimitOf> {
  const sizing = fargateSize(pod);
  for (const [index, container] of pod.spec.containers.entries()) {
    const limits = parseResourceList(container.resources?.limits);
    for (const name of ["cpu", "memory"]) {
      const limit = limits.get(name);
      if (limit === undefined) continue;
      const path = ["spec", "containers", index, "resources", "limits", name];
      const room =
        sizing.kind === "size"
          ? { amount: roomOf(sizing.size, name), size: capacityProvisionedText(sizing.size) }
          : undefined;
      yield { path, name, limit, request: requestOf(container, name) ?? limit, room };
    }
  }
}

const roomOf = ({ vcpuMillicores, memoryGb }: FargateSize, name: string): number =>
  name === "cpu" ? vcpuMillicores : memoryGb * GIB - FARGATE_SYSTEM_BYTES;

function requestOf({ resources }: Container, name: string): number | undefined {
  const requests: ResourceAmounts = parseResourceList(resources?.requests);
  return requests.get(name);
}

const amountText = (name: string, amount: number): string => (name === "cpu" ? `${amount}m` : memoryText(amount));
