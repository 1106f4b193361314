import type { SourceDocument } from "../../contract.ts";
import { isPlainObject } from "../../manifests/schema/check-value.ts";
import { selectedWorkloads } from "../manifests/by-namespace.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atDocument, eachDocument, valueAt } from "./hits.ts";

/** How pods on Fargate are reached. */
export const FARGATE_NETWORK_RULES: readonly LintRule[] = [
  {
    id: "fargate-node-port",
    severity: "warning",
    title: "NodePort Service of pods on Fargate",
    why: "Fargate nodes open no node ports: the Service works inside the cluster only.",
    source: "EKS user guide, Fargate considerations",
    check: eachDocument(["Service"], function* (document, project) {
      if (valueAt(document.object, ["spec", "type"]) !== "NodePort") return;
      for (const workload of onFargate(document, project))
        yield atDocument(document, ["spec", "type"], {
          message: `its node port does not reach ${workload.subject}, which runs on Fargate`,
          remedy: "type: ClusterIP with an Ingress, or type: LoadBalancer, both with targets by IP",
        });
    }),
  },
  {
    id: "fargate-load-balancer",
    severity: "warning",
    title: "load balancer of pods on Fargate without IP targets",
    why: "Targets by instance are ports of nodes, which Fargate does not have, and a classic load balancer knows nothing else: no target becomes healthy. A network load balancer with targets by IP works.",
    source: "EKS user guide, network load balancing; AWS Load Balancer Controller, Service annotations",
    check: eachDocument(["Service"], function* (document, project) {
      if (valueAt(document.object, ["spec", "type"]) !== "LoadBalancer") return;
      const annotations = annotationsOf(document);
      const type = annotations["service.beta.kubernetes.io/aws-load-balancer-type"];
      const target = annotations["service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"];
      if (target === "ip" || type === "nlb-ip") return;
      for (const workload of onFargate(document, project))
        yield atDocument(document, ["spec", "type"], {
          message: `targets nodes, and ${workload.subject} runs on Fargate`,
          remedy:
            "annotate it: service.beta.kubernetes.io/aws-load-balancer-type: external and service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip",
        });
    }),
  },
  {
    id: "fargate-ingress-target",
    severity: "warning",
    title: "ALB Ingress to pods on Fargate without IP targets",
    why: "The controller targets instances unless it is told otherwise; Fargate pods are reached by their addresses only.",
    source: "EKS user guide, application load balancing; AWS Load Balancer Controller, Ingress annotations",
    check: eachDocument(["Ingress"], function* (document, project) {
      const annotations = annotationsOf(document);
      const className =
        valueAt(document.object, ["spec", "ingressClassName"]) ?? annotations["kubernetes.io/ingress.class"];
      if (className !== "alb" || annotations["alb.ingress.kubernetes.io/target-type"] === "ip") return;
      const names = new Set(backendServices(document.object));
      for (const service of project.documents) {
        if (service.kind !== "Service" || service.namespace !== document.namespace || !names.has(service.name))
          continue;
        for (const workload of onFargate(service, project))
          yield atDocument(document, ["metadata", "annotations"], {
            message: `its Service ${service.name} targets ${workload.subject}, which runs on Fargate, by instance`,
            remedy: "annotate it: alb.ingress.kubernetes.io/target-type: ip",
          });
      }
    }),
  },
  {
    id: "fargate-network-policy",
    severity: "warning",
    title: "NetworkPolicy for pods on Fargate",
    why: "Network policies of the VPC CNI do not apply to Fargate pods: what the policy forbids is open there.",
    source: "EKS user guide, network policies",
    check: eachDocument(["NetworkPolicy"], function* (document, project) {
      const selector = valueAt(document.object, ["spec", "podSelector"]);
      if (!isPlainObject(selector)) return;
      for (const workload of selectedWorkloads(project, document.namespace ?? "default", selector))
        if (workload.match.kind === "matched")
          yield atDocument(document, ["spec", "podSelector"], {
            message: `does not hold for ${workload.subject}, which runs on Fargate`,
            remedy: "use security groups for pods (SecurityGroupPolicy), or let the pods run on EC2",
          });
    }),
  },
  {
    id: "fargate-logging",
    severity: "error",
    title: "Fargate logging ConfigMap that EKS refuses or does not see",
    why: "EKS reads ConfigMap aws-logging of namespace aws-observability only when the namespace carries the label aws-observability: enabled; SERVICE and INPUT belong to AWS, and more than 5300 characters are refused.",
    source: "EKS user guide, Fargate logging",
    check: eachDocument(["ConfigMap"], function* (document, project) {
      if (document.name === "aws-logging" && document.namespace === "aws-observability")
        yield* loggingHits(document, project);
    }),
  },
];

const LOGGING_CHARACTERS_MAX = 5300;

function* loggingHits(document: SourceDocument, { documents }: LintProject): Iterable<LintHit> {
  const data = valueAt(document.object, ["data"]);
  const texts = Object.entries(isPlainObject(data) ? data : {}).map(([key, text]) => ({ key, text: String(text) }));
  const length = texts.reduce((sum, { text }) => sum + text.length, 0);
  if (length > LOGGING_CHARACTERS_MAX)
    yield atDocument(document, ["data"], {
      message: `has ${length} characters`,
      remedy: `at most ${LOGGING_CHARACTERS_MAX} are read; drop filters`,
    });
  for (const { key, text } of texts) {
    const section = /^\s*\[(SERVICE|INPUT)\]/m.exec(text)?.[1];
    const field = /^\s*(Kube_URL|Kube_CA_File|Kube_Token_Command|Kube_Token_File)\b/m.exec(text)?.[1];
    const wrong = section === undefined ? field : `section [${section}]`;
    if (wrong !== undefined)
      yield atDocument(document, ["data", key], {
        message: `${wrong} is not allowed`,
        remedy: "remove it: only FILTER, OUTPUT and PARSER are yours",
      });
  }
  if (!texts.some(({ text }) => /^\s*\[OUTPUT\]/im.test(text)))
    yield atDocument(document, ["data"], {
      message: "has no [OUTPUT]",
      remedy: "add an [OUTPUT] section in output.conf",
    });
  const namespace = documents.find(({ kind, name }) => kind === "Namespace" && name === "aws-observability");
  if (namespace !== undefined && valueAt(namespace.object, ["metadata", "labels", "aws-observability"]) !== "enabled")
    yield atDocument(namespace, ["metadata"], {
      message: "lacks the label that makes EKS read its ConfigMap",
      remedy: "add the label aws-observability: enabled",
    });
}

function annotationsOf({ object }: SourceDocument): Readonly<Record<string, unknown>> {
  const annotations = valueAt(object, ["metadata", "annotations"]);
  return isPlainObject(annotations) ? annotations : {};
}

/** Workloads on Fargate that a Service selects. */
function onFargate({ object, namespace = "default" }: SourceDocument, project: LintProject): readonly LintWorkload[] {
  const selector = valueAt(object, ["spec", "selector"]);
  if (!isPlainObject(selector) || Object.keys(selector).length === 0) return [];
  const matchLabels = selector as Readonly<Record<string, string>>;
  return selectedWorkloads(project, namespace, { matchLabels }).filter(({ match }) => match.kind === "matched");
}

/** Names of the Services that an Ingress sends requests to. */
function* backendServices(value: unknown): Iterable<string> {
  if (Array.isArray(value)) for (const one of value) yield* backendServices(one);
  if (!isPlainObject(value)) return;
  const { service } = value;
  if (isPlainObject(service) && typeof service["name"] === "string") yield service["name"];
  for (const [key, child] of Object.entries(value))
    if (key !== "metadata" && key !== "service") yield* backendServices(child);
}
