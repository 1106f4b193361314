import type { CustomResourceDefinition } from "../../generated/kubernetes.ts";
import type { Fresh } from "../../objects.ts";
import { NODE_CLAIMS, NODE_POOLS } from "../resources.ts";
import { ageColumn, column, customResource, readyColumn } from "./definition.ts";
import {
  conditions,
  DURATION_OR_NEVER_PATTERN,
  DURATION_PATTERN,
  LABEL_VALUE_CHARACTERS_MAX,
  labelKey,
  list,
  mapOf,
  object,
  oneOf,
  resourceList,
  type Schema,
  taints,
  text,
  time,
  whole,
} from "./schema.ts";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"] as const;
const REQUIREMENTS_MAX = 100;
const BUDGETS_MAX = 50;
/** Minutes and hours only: cron, which starts a window, is no finer than a minute. */
const WINDOW_PATTERN = "^([0-9]+h([0-9]+m)?|[0-9]+m)(0s)?$";
const CRON_PATTERN = "^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|\\S+\\s+\\S+\\s+\\S+\\s+\\S+\\s+\\S+)$";
const NODE_COUNT_PATTERN = "^([0-9]+|(100|[0-9]{1,2})%)$";

const requirements = (): Schema =>
  list(
    object(
      {
        key: labelKey(),
        operator: oneOf(OPERATORS),
        values: list(text({ maxLength: LABEL_VALUE_CHARACTERS_MAX })),
        minValues: whole(1, 50),
      },
      ["key", "operator"],
    ),
    { maxItems: REQUIREMENTS_MAX },
  );

/** What a pool's template and a claim's spec have in common. */
const nodeSpecFields = (): Readonly<Record<string, Schema>> => ({
  taints: taints(),
  startupTaints: taints(),
  requirements: requirements(),
  nodeClassRef: object(
    {
      group: text({ minLength: 1, pattern: "^[^/]+$" }),
      kind: text({ minLength: 1 }),
      name: text({ minLength: 1 }),
    },
    ["group", "kind", "name"],
  ),
  terminationGracePeriod: text({ pattern: DURATION_PATTERN }),
  expireAfter: text({ pattern: DURATION_OR_NEVER_PATTERN, default: "720h" }),
});

const template = (): Schema =>
  object(
    {
      metadata: object({
        labels: mapOf(text({ maxLength: LABEL_VALUE_CHARACTERS_MAX }), { maxProperties: 100 }),
        annotations: mapOf(text()),
      }),
      spec: object(nodeSpecFields(), ["nodeClassRef", "requirements"]),
    },
    ["spec"],
  );

const disruption = (): Schema =>
  object(
    {
      consolidationPolicy: oneOf(["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"], {
        default: "WhenEmptyOrUnderutilized",
      }),
      consolidateAfter: text({ pattern: DURATION_OR_NEVER_PATTERN, default: "0s" }),
      budgets: list(
        object(
          {
            nodes: text({ pattern: NODE_COUNT_PATTERN, default: "10%" }),
            schedule: text({ pattern: CRON_PATTERN }),
            duration: text({ pattern: WINDOW_PATTERN }),
            reasons: list(oneOf(["Underutilized", "Empty", "Drifted"]), { maxItems: 50 }),
          },
          ["nodes"],
        ),
        { maxItems: BUDGETS_MAX, default: [{ nodes: "10%" }] },
      ),
    },
    ["consolidateAfter"],
    { default: { consolidateAfter: "0s" } },
  );

/** CustomResourceDefinition of karpenter.sh/v1 NodePool. */
export function nodePoolCrd(): Fresh<CustomResourceDefinition> {
  return customResource(NODE_POOLS, {
    spec: object(
      {
        template: template(),
        disruption: disruption(),
        limits: resourceList(),
        weight: whole(1, 100),
        replicas: whole(0, undefined, { format: "int64" }),
      },
      ["template"],
    ),
    status: object({
      resources: resourceList(),
      nodes: whole(0, undefined, { format: "int64", default: 0 }),
      nodeClassObservedGeneration: whole(0, undefined, { format: "int64" }),
      conditions: conditions(),
    }),
    scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.nodes" },
    columns: [
      column("NodeClass", ".spec.template.spec.nodeClassRef.name"),
      column("Nodes", ".status.nodes"),
      readyColumn(),
      ageColumn(),
      column("Weight", ".spec.weight", { type: "integer", wide: true }),
      column("CPU", ".status.resources.cpu", { wide: true }),
      column("Memory", ".status.resources.memory", { wide: true }),
    ],
  });
}

/** CustomResourceDefinition of karpenter.sh/v1 NodeClaim. */
export function nodeClaimCrd(): Fresh<CustomResourceDefinition> {
  return customResource(NODE_CLAIMS, {
    spec: object({ ...nodeSpecFields(), resources: object({ requests: resourceList() }) }, [
      "nodeClassRef",
      "requirements",
    ]),
    status: object({
      nodeName: text(),
      providerID: text(),
      imageID: text(),
      capacity: resourceList(),
      allocatable: resourceList(),
      lastPodEventTime: time(),
      conditions: conditions(),
    }),
    columns: [
      column("Type", ".metadata.labels.node\\.kubernetes\\.io/instance-type"),
      column("Capacity", ".metadata.labels.karpenter\\.sh/capacity-type"),
      column("Zone", ".metadata.labels.topology\\.kubernetes\\.io/zone"),
      column("Node", ".status.nodeName"),
      readyColumn(),
      ageColumn(),
      column("ImageID", ".status.imageID", { wide: true }),
      column("ID", ".status.providerID", { wide: true }),
      column("NodePool", ".metadata.labels.karpenter\\.sh/nodepool", { wide: true }),
      column("NodeClass", ".spec.nodeClassRef.name", { wide: true }),
      column("Drifted", '.status.conditions[?(@.type=="Drifted")].status', { wide: true }),
    ],
  });
}
