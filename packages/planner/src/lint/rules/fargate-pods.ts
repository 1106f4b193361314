import type { Container, Volume } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import { fargateSize, nodeConstraints, refusalClauses, refusalMessage } from "@nodeless/fargate";
import { isPlainObject, type Path } from "../../manifests/schema/check-value.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atPod, eachFargateWorkload, valueAt } from "./hits.ts";

const SOURCE = "EKS user guide, Fargate considerations; event texts of the fargate-scheduler";
const ELSEWHERE =
  "let the pod run on EC2: narrow the profile's selectors, or annotate the pod template with eks.amazonaws.com/compute-type: ec2";

/** What Fargate refuses to run, each with the words of its event. */
export const FARGATE_POD_RULES: readonly LintRule[] = [
  clauseRule({
    id: "fargate-privileged",
    title: "privileged container on Fargate",
    clause: /^invalid SecurityContext/,
    remedy: `remove privileged: true, or ${ELSEWHERE}`,
    place: (workload) =>
      containerPath(workload, ({ securityContext }) => securityContext?.privileged === true, [
        "securityContext",
        "privileged",
      ]),
  }),
  clauseRule({
    id: "fargate-capability",
    title: "added capability on Fargate",
    clause: /^unsupported SecurityContext capability/,
    remedy: `remove the capability, or ${ELSEWHERE}`,
    place: (workload) =>
      containerPath(workload, ({ securityContext }) => (securityContext?.capabilities?.add ?? []).length > 0, [
        "securityContext",
        "capabilities",
        "add",
      ]),
  }),
  clauseRule({
    id: "fargate-host-access",
    title: "host network, host processes or host ports on Fargate",
    clause: /^fields not supported/,
    remedy: `remove the host fields (a Service reaches the pod by its own address), or ${ELSEWHERE}`,
    place: hostPath,
  }),
  {
    id: "fargate-volume",
    severity: "error",
    title: "volume that Fargate cannot mount",
    why: "Fargate mounts what is part of the pod (configMap, secret, emptyDir, projected), NFS and static EFS volumes. No host paths, no EBS, nothing that is provisioned when it is claimed: the pod stays Pending.",
    source: SOURCE,
    check: eachFargateWorkload(function* (workload, project) {
      for (const volume of workload.pod.spec.volumes ?? []) {
        const refusal = volumeRefusal(volume, workload, project);
        if (refusal === undefined) continue;
        const { file } = workload.document.at;
        yield {
          at: { file, line: volumeLine(volume, workload) },
          object: workload.subject,
          message: refusal,
          remedy: `use emptyDir, or a static EFS volume (a PersistentVolume of ${EFS_DRIVER} that the claim binds to), or ${ELSEWHERE}`,
        };
      }
    }),
  },
  {
    id: "fargate-resource",
    severity: "error",
    title: "resource that Fargate does not have",
    why: "Fargate offers cpu, memory and ephemeral storage: no GPUs, no Inferentia, no huge pages. The pod stays Pending.",
    source: "EKS user guide, Fargate considerations",
    check: eachFargateWorkload(function* (workload) {
      for (const [name, amount] of podRequests(workload.pod.spec))
        if (amount > 0 && !RESOURCES.has(name))
          yield atPod(
            workload,
            containerPath(workload, (one) => hasResource(one, name), ["resources"]),
            {
              message: `requests ${name}, and profile ${workload.profile} takes the pod: Fargate has none`,
              remedy: ELSEWHERE,
            },
          );
    }),
  },
  {
    id: "fargate-size",
    severity: "error",
    title: "pod larger than the largest Fargate size",
    why: "The largest size is 16 vCPU and 120 GB, with 256 MiB of it for the system. A larger pod stays Pending.",
    source: "EKS user guide, Fargate pod configuration",
    check: eachFargateWorkload(function* (workload) {
      const sizing = fargateSize(workload.pod);
      if (sizing.kind === "too-large")
        yield atPod(
          workload,
          containerPath(workload, ({ resources }) => resources !== undefined, ["resources"]),
          {
            message: sizing.message,
            remedy: `lower the requests, or ${ELSEWHERE}`,
          },
        );
    }),
  },
  {
    id: "fargate-node-selector",
    severity: "error",
    title: "node selector that no Fargate node satisfies",
    why: "Selectors and node affinity do not keep a pod off Fargate: a profile takes it, and then it stays Pending. Only the zone can be chosen there; architecture is amd64, there is no Spot.",
    source: "EKS user guide, Fargate profiles; containers-roadmap #998, #1629",
    check: eachFargateWorkload(function* (workload, { input, catalog }) {
      if (workload.pod.spec.os?.name === "windows")
        yield atPod(workload, ["spec", "os"], {
          message: `asks for Windows, and profile ${workload.profile} takes the pod: Fargate nodes run Linux`,
          remedy: ELSEWHERE,
        });
      const constraints = nodeConstraints(workload.pod.spec, catalog?.region ?? input?.region ?? "");
      if (constraints.kind === "unsatisfiable")
        yield atPod(
          workload,
          workload.pod.spec.nodeSelector === undefined
            ? ["spec", "affinity", "nodeAffinity"]
            : ["spec", "nodeSelector"],
          {
            message: `a Fargate node cannot satisfy ${constraints.requirement}, and profile ${workload.profile} takes the pod`,
            remedy: `remove the selector, or ${ELSEWHERE}`,
          },
        );
    }),
  },
  {
    id: "fargate-kubelet-port",
    severity: "error",
    title: "container port 10250 on Fargate",
    why: "The kubelet of the micro-VM listens on 10250 at the pod's own address; the container cannot bind the port. Upstream metrics-server does so by default.",
    source: "containers-roadmap #1798; metrics-server #1271",
    check: eachFargateWorkload(function* (workload) {
      for (const [index, { ports = [], args = [], command = [] }] of workload.pod.spec.containers.entries()) {
        const bound = ports.findIndex(({ containerPort }) => containerPort === KUBELET_PORT);
        const argument = [...command, ...args].some((arg) => /^--(secure|bind)-port=10250$/.test(arg));
        if (bound < 0 && !argument) continue;
        yield atPod(workload, ["spec", "containers", index, ...(bound < 0 ? ["args"] : ["ports", bound])], {
          message: "binds port 10250, which the kubelet of a Fargate node has at the same address",
          remedy: "let the container listen on another port: --secure-port=10251 and containerPort 10251",
        });
      }
    }),
  },
];

const KUBELET_PORT = 10250;
const RESOURCES: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

interface ClauseRule {
  readonly id: string;
  readonly title: string;
  /** Which clauses of the event are meant. */
  readonly clause: RegExp;
  readonly remedy: string;
  readonly place: (workload: LintWorkload) => Path;
}

/** A rule for one kind of clause of the fargate-scheduler's event. */
function clauseRule({ id, title, clause, remedy, place }: ClauseRule): LintRule {
  return {
    id,
    severity: "error",
    title,
    why: "The pod is stored and marked for Fargate, and then refused by an event: it stays Pending for ever.",
    source: SOURCE,
    check: eachFargateWorkload(function* (workload): Iterable<LintHit> {
      const { volumes: _, ...spec } = workload.pod.spec;
      const clauses = refusalClauses({ spec }, () => undefined).filter((one) => clause.test(one));
      if (clauses.length > 0) yield atPod(workload, place(workload), { message: refusalMessage(clauses), remedy });
    }),
  };
}

const EFS_DRIVER = "efs.csi.aws.com";

/** With claims as they will be once the manifests are applied. */
function volumeRefusal(volume: Volume, { pod }: LintWorkload, { input }: LintProject): string | undefined {
  const namespace = pod.metadata.namespace ?? "default";
  const claim = input?.persistentVolumeClaims.find(
    ({ metadata }) =>
      metadata.name === volume.persistentVolumeClaim?.claimName && (metadata.namespace ?? "default") === namespace,
  );
  const clauses = refusalClauses({ spec: { containers: [], volumes: [volume] } }, () => claim);
  if (clauses.length > 0) return refusalMessage(clauses);
  const bound = input?.persistentVolumes.find(({ metadata }) => metadata.name === claim?.spec?.volumeName);
  if (bound?.spec === undefined || bound.spec.nfs !== undefined || bound.spec.csi?.driver === EFS_DRIVER)
    return undefined;
  return `volume ${volume.name} is PersistentVolume ${bound.metadata.name} of ${bound.spec.csi?.driver ?? "another type"}, which Fargate cannot mount`;
}

/** Claims of a StatefulSet become volumes that its template does not have. */
function volumeLine({ name }: Volume, { document, templatePath }: LintWorkload): number {
  const named = (path: Path): Path | undefined => {
    const list = valueAt(document.object, path);
    const index = Array.isArray(list) ? list.findIndex((one) => isPlainObject(one) && nameOf(one) === name) : -1;
    return index < 0 ? undefined : [...path, index];
  };
  const volumes = [...templatePath, "spec", "volumes"];
  return document.lineOf(named(volumes) ?? named(["spec", "volumeClaimTemplates"]) ?? volumes);
}

function nameOf(object: Readonly<Record<string, unknown>>): unknown {
  return object["name"] ?? (isPlainObject(object["metadata"]) ? object["metadata"]["name"] : undefined);
}

function hostPath({ pod, ...workload }: LintWorkload): Path {
  for (const field of ["hostNetwork", "hostPID", "hostIPC"] as const)
    if (pod.spec[field] === true) return ["spec", field];
  return containerPath(
    { ...workload, pod },
    ({ ports = [] }) => ports.some(({ hostPort, hostIP }) => hostPort !== undefined || hostIP !== undefined),
    ["ports"],
  );
}

/** The path of a field of the first container that it is true of, the init containers first. */
function containerPath({ pod }: Pick<LintWorkload, "pod">, is: (container: Container) => boolean, field: Path): Path {
  for (const list of ["initContainers", "containers"] as const) {
    const index = (pod.spec[list] ?? []).findIndex(is);
    if (index >= 0) return ["spec", list, index, ...field];
  }
  return ["spec", "containers"];
}

function hasResource({ resources }: Container, name: string): boolean {
  return resources?.requests?.[name] !== undefined || resources?.limits?.[name] !== undefined;
}
