import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatManifestProblem, InvalidManifestsError, type ManifestSource, planInput } from "@nodeless/planner";

const file = (text: string, name = "a.yaml"): ManifestSource => ({ file: name, text, found: false });

/** The problems of files, formatted; empty when the input can be planned. */
function problemsOf(...sources: readonly (string | ManifestSource)[]): readonly string[] {
  try {
    planInput(sources.map((one) => (typeof one === "string" ? file(one) : one)));
    return [];
  } catch (error) {
    if (error instanceof InvalidManifestsError) return error.problems.map(formatManifestProblem);
    throw error;
  }
}

const POD = "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\n";
/** A pod whose only container has these fields from line 6 on. */
const container = (fields: string): string =>
  `${POD}spec:\n  containers:\n    - name: app\n${fields.replace(/^/gm, "      ")}\n`;
/** A pod whose spec has these fields from line 5 on. */
const podSpec = (fields: string): string =>
  `${POD}spec:\n${fields.replace(/^/gm, "  ")}\n  containers: [{ name: app }]\n`;
const TEMPLATE = "template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: app }] } }";
/** A Deployment with these fields in line 5. */
const deployment = (fields: string, name = "web"): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec:\n  ${fields}\n  selector: { matchLabels: { app: web } }\n  ${TEMPLATE}\n`;

interface Row {
  readonly rule: string;
  readonly text: string;
  readonly want: readonly string[];
}

function table(name: string, rows: readonly Row[]): void {
  describe(name, () => {
    for (const { rule, text, want } of rows) test(rule, () => assert.deepEqual(problemsOf(text), want));
  });
}

table("text that is no list of objects", [
  {
    rule: "bad YAML: line and column",
    text: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n   labels: x\n",
    want: [
      "a.yaml:4:9: not valid YAML: Nested mappings are not allowed in compact mappings; check the indentation, or put the value in quotes if it contains a colon",
    ],
  },
  {
    rule: "a key twice",
    text: `${POD}metadata: { name: again }\n`,
    want: [
      "a.yaml:4:1: not valid YAML: Map keys must be unique; remove one, or restore the indentation if it was lost",
    ],
  },
  {
    rule: "a tab",
    text: "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: web\n",
    want: ["a.yaml:4:1: not valid YAML: Tabs are not allowed as indentation; write spaces"],
  },
  {
    rule: "a scalar",
    text: "hello\n",
    want: ["a.yaml:1: expected a mapping with apiVersion and kind; if the indentation was lost, restore it"],
  },
  {
    rule: "no kind",
    text: "apiVersion: v1\nmetadata: { name: web }\n",
    want: ["a.yaml:1: apiVersion and kind are required in every document"],
  },
  {
    rule: "no apiVersion",
    text: "# comment\n---\nkind: Pod\nmetadata: { name: web }\n",
    want: ["a.yaml:3: apiVersion and kind are required in every document"],
  },
  {
    rule: "no name",
    text: "apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: {}\n",
    want: ["a.yaml:3: metadata.name: required: give the Pod a name"],
  },
  {
    rule: "indentation lost, as in a copied post",
    text: "apiVersion: v1\nkind: Pod\nmetadata:\nname: web\nspec:\ncontainers:\n- name: app\n",
    want: ["a.yaml:3: metadata.name: the indentation was lost: what belongs to metadata stands beside it; restore it"],
  },
  {
    rule: "an empty file",
    text: "# nothing\n---\n---\n",
    want: ["a.yaml: no Kubernetes object found; give manifests with apiVersion and kind"],
  },
  {
    rule: "a template that is not rendered",
    text: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
    want: [
      "a.yaml:4: a template that is not rendered ({{ … }}); render it first: helm template RELEASE CHART | nodeless plan -f -",
    ],
  },
  {
    rule: "a template with control lines",
    text: "{{- if .Values.on }}\napiVersion: v1\n{{- end }}\n",
    want: [
      "a.yaml:1: a template that is not rendered ({{ … }}); render it first: helm template RELEASE CHART | nodeless plan -f -",
    ],
  },
  { rule: "a binary file", text: "PK\u0003\0\0", want: ["a.yaml: not a text file; give YAML or JSON"] },
  {
    rule: "aliases that blow up",
    text: `apiVersion: v1\nkind: Pod\na: &a [x,x,x,x,x,x,x,x,x,x]\n${[..."bcdefgh"].map((name, index) => `${name}: &${name} [${Array(10).fill(`*${"abcdefg"[index]}`).join(",")}]`).join("\n")}\n`,
    want: [
      "a.yaml:1: cannot be used: Excessive alias count indicates a resource exhaustion attack; write it without so many aliases",
    ],
  },
  {
    rule: "nested without end, YAML",
    text: "[".repeat(100_000),
    want: ["a.yaml: not valid YAML: nested too deeply; flatten it"],
  },
  {
    rule: "nested without end, JSON",
    text: "[".repeat(100_000) + "]".repeat(100_000),
    want: ["a.yaml:1: expected a mapping with apiVersion and kind; if the indentation was lost, restore it"],
  },
  {
    rule: "nested deeper than any object",
    text: `{"apiVersion":"v1","kind":"Pod","x":${"[".repeat(100)}${"]".repeat(100)}}`,
    want: ["a.yaml:1: nested deeper than 64 levels; no Kubernetes object is, flatten it"],
  },
]);

table("kinds", [
  {
    rule: "a misspelled kind",
    text: "apiVersion: apps/v1\nkind: Deploymnet\nmetadata: { name: web }\n",
    want: ['a.yaml:2: kind: unknown kind "Deploymnet"; did you mean Deployment?'],
  },
  {
    rule: "a kind of another group",
    text: "apiVersion: v1\nkind: Deployment\nmetadata: { name: web }\n",
    want: ["a.yaml:1: apiVersion: Deployment does not exist in v1; write apps/v1"],
  },
  {
    rule: "a version that is gone",
    text: "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: { name: web }\n",
    want: ["a.yaml:1: apiVersion: CronJob is no longer served as batch/v1beta1; write batch/v1"],
  },
  {
    rule: "a group that is gone",
    text: "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: { name: web }\n",
    want: ["a.yaml:1: apiVersion: Deployment does not exist in extensions/v1beta1; write apps/v1"],
  },
  {
    rule: "an old Karpenter beta",
    text: "apiVersion: karpenter.sh/v1beta1\nkind: NodePool\nmetadata: { name: web }\n",
    want: ["a.yaml:1: apiVersion: NodePool is no longer served as karpenter.sh/v1beta1; write karpenter.sh/v1"],
  },
  {
    rule: "the same object twice",
    text: `${deployment("replicas: 1")}---\n${deployment("replicas: 2")}`,
    want: ["a.yaml:11: metadata.name: Deployment default/web is already at a.yaml:1; remove one of them, or rename it"],
  },
  {
    rule: "the same object in two versions",
    text: ["v1", "v2"]
      .map(
        (version) =>
          `apiVersion: autoscaling/${version}\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { maxReplicas: 2, scaleTargetRef: { kind: Deployment, name: web } }\n`,
      )
      .join("---\n"),
    want: [
      "a.yaml:8: metadata.name: HorizontalPodAutoscaler default/web is already at a.yaml:1; remove one of them, or rename it",
    ],
  },
  {
    rule: "two ClusterConfigs",
    text: "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: a }\n---\napiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: b }\n",
    want: ["a.yaml:5: a second ClusterConfig, after a.yaml:1: one plan is for one cluster, give the files of one"],
  },
  {
    rule: "a bad ClusterConfig keeps its lines",
    text: `${POD}spec: { containers: [{ name: app }] }\n---\napiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: a }\nnodeGroups: []\nfargateProfiles:\n  - name: apps\n`,
    want: [
      "a.yaml:9: nodeGroups: nodeless has no node groups: remove this field; pods that no Fargate profile selects get nodes from the NodePool",
    ],
  },
]);

table("quantities", [
  {
    rule: "a space before the suffix",
    text: container("resources: { requests: { cpu: 100 m } }"),
    want: ['a.yaml:7: spec.containers[0].resources.requests.cpu: "100 m" is not a quantity; write 100m'],
  },
  {
    rule: "GB",
    text: container("resources: { requests: { memory: 1.5GB } }"),
    want: ['a.yaml:7: spec.containers[0].resources.requests.memory: "1.5GB" is not a quantity; write 1.5G'],
  },
  {
    rule: "gi",
    text: container("resources: { requests: { memory: 2gi } }"),
    want: ['a.yaml:7: spec.containers[0].resources.requests.memory: "2gi" is not a quantity; write 2Gi'],
  },
  {
    rule: "cores",
    text: container("resources: { requests: { cpu: 2 cores } }"),
    want: ['a.yaml:7: spec.containers[0].resources.requests.cpu: "2 cores" is not a quantity; write 2'],
  },
  {
    rule: "nonsense",
    text: container("resources: { requests: { cpu: lots } }"),
    want: [
      'a.yaml:7: spec.containers[0].resources.requests.cpu: "lots" is not a quantity; write a number with a suffix, such as 250m, 0.5, 512Mi or 1Gi',
    ],
  },
  {
    rule: "negative",
    text: container("resources: { requests: { cpu: -1 } }"),
    want: ["a.yaml:7: spec.containers[0].resources.requests.cpu: -1 is negative; write 0 or more"],
  },
  {
    rule: "a limit below the request",
    text: container("resources:\n  requests: { cpu: 2 }\n  limits: { cpu: 500m }"),
    want: [
      "a.yaml:8: spec.containers[0].resources.requests.cpu: 2 is more than the limit 500m; raise the limit or lower the request",
    ],
  },
  {
    rule: "a misspelled resource",
    text: container("resources: { requests: { memroy: 1Gi } }"),
    want: ["a.yaml:7: spec.containers[0].resources.requests.memroy: unknown resource; did you mean memory?"],
  },
  {
    rule: "a device without a limit",
    text: container("resources: { requests: { nvidia.com/gpu: 1 } }"),
    want: [
      "a.yaml:7: spec.containers[0].resources.requests[nvidia.com/gpu]: nvidia.com/gpu cannot be overcommitted: give the same amount as limit",
    ],
  },
  {
    rule: "half a device",
    text: container("resources: { limits: { nvidia.com/gpu: 500m } }"),
    want: ["a.yaml:7: spec.containers[0].resources.limits[nvidia.com/gpu]: 500m is a fraction, and devices come whole"],
  },
  {
    rule: "a device asked for and limited differently",
    text: container("resources: { requests: { nvidia.com/gpu: 1 }, limits: { nvidia.com/gpu: 2 } }"),
    want: [
      "a.yaml:7: spec.containers[0].resources.requests[nvidia.com/gpu]: 1 differs from the limit 2: nvidia.com/gpu cannot be overcommitted, give the same amount",
    ],
  },
  {
    rule: "a list instead of a mapping",
    text: container("resources: { requests: [cpu] }"),
    want: ["a.yaml:7: spec.containers[0].resources.requests: expected a mapping, found a list"],
  },
]);

table("fields", [
  {
    rule: "unknown with a near one",
    text: container("resource: { requests: { cpu: 1 } }"),
    want: ['a.yaml:7: spec.containers[0].resource: unknown field; did you mean "resources"?'],
  },
  {
    rule: "unknown among few",
    text: container("resources: { cpu: 1 }"),
    want: ["a.yaml:7: spec.containers[0].resources.cpu: unknown field; known fields here are claims, limits, requests"],
  },
  {
    rule: "unknown among many",
    text: container("zzzz: 1"),
    want: ["a.yaml:7: spec.containers[0].zzzz: unknown field; remove it, or put it where it belongs"],
  },
  {
    rule: "of the pod, in a container",
    text: container("nodeSelector: { disk: ssd }"),
    want: [
      "a.yaml:7: spec.containers[0].nodeSelector: unknown field here; it belongs to the pod's spec, beside containers",
    ],
  },
  {
    rule: "of a container, in the pod",
    text: podSpec("image: nginx"),
    want: ["a.yaml:5: spec.image: unknown field here; it belongs to a container"],
  },
  {
    rule: "of the pod, in the Deployment",
    text: deployment("tolerations: []"),
    want: ["a.yaml:5: spec.tolerations: unknown field here; it belongs to spec.template.spec"],
  },
  {
    rule: "at the top",
    text: `${POD}sepc: {}\nspec: { containers: [{ name: app }] }\n`,
    want: ["a.yaml:4: sepc: unknown field; known fields here are apiVersion, kind, metadata, status, spec"],
  },
  {
    rule: "a number in quotes",
    text: deployment('replicas: "3"'),
    want: ['a.yaml:5: spec.replicas: expected a whole number, found "3"; remove the quotes'],
  },
  {
    rule: "a fraction",
    text: deployment("replicas: 1.5"),
    want: ["a.yaml:5: spec.replicas: expected a whole number, found 1.5"],
  },
  {
    rule: "a negative number",
    text: deployment("replicas: -1"),
    want: ["a.yaml:5: spec.replicas: must be 0 or more, not -1"],
  },
  {
    rule: "a number as label",
    text: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: { version: 1.10 }\nspec: { containers: [{ name: app }] }\n",
    want: ["a.yaml:5: metadata.labels.version: expected text, found 1.1; put it in quotes"],
  },
  {
    rule: "a boolean as environment",
    text: container("env:\n  - { name: DEBUG, value: true }"),
    want: ['a.yaml:8: spec.containers[0].env[0].value: expected text, found true; put it in quotes: "true"'],
  },
  {
    rule: "a required field",
    text: podSpec("topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone }]"),
    want: [
      "a.yaml:5: spec.topologySpreadConstraints[0].whenUnsatisfiable: required; write DoNotSchedule or ScheduleAnyway",
    ],
  },
  {
    rule: "a misspelled word",
    text: podSpec("topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotScheduel }]"),
    want: [
      'a.yaml:5: spec.topologySpreadConstraints[0].whenUnsatisfiable: expected DoNotSchedule or ScheduleAnyway, found "DoNotScheduel"; did you mean DoNotSchedule?',
    ],
  },
  { rule: "no spec", text: POD, want: ["a.yaml:1: spec: required; add it"] },
  {
    rule: "no containers",
    text: `${POD}spec: { containers: [] }\n`,
    want: ["a.yaml:4: spec.containers: a pod needs at least one container"],
  },
  {
    rule: "a name with capitals",
    text: "apiVersion: v1\nkind: Pod\nmetadata: { name: My_Web }\nspec: { containers: [{ name: app }] }\n",
    want: [
      'a.yaml:3: metadata.name: "My_Web" is not a name for a Pod; use lower-case letters, digits, "-" and "." (at most 253)',
    ],
  },
  {
    rule: "a bad label value",
    text: podSpec("nodeSelector: { disk: a b }"),
    want: [
      'a.yaml:5: spec.nodeSelector.disk: "a b" is not a label value; at most 63 letters, digits, "-", "_" and "."',
    ],
  },
  {
    rule: "two containers of one name",
    text: `${POD}spec:\n  containers:\n    - name: app\n    - name: app\n`,
    want: [
      'a.yaml:7: spec.containers[1].name: "app" is already the name of containers[0]; give each container its own',
    ],
  },
  {
    rule: "a port out of range",
    text: container("ports: [{ containerPort: 80000 }]"),
    want: ["a.yaml:7: spec.containers[0].ports[0].containerPort: 80000 is not a port; write 1 to 65535"],
  },
  {
    rule: "several problems at once, in order",
    text: `${container("resources: { requests: { cpu: x } }")}---\n${deployment("replica: 1")}`,
    want: [
      'a.yaml:7: spec.containers[0].resources.requests.cpu: "x" is not a quantity; write a number with a suffix, such as 250m, 0.5, 512Mi or 1Gi',
      'a.yaml:13: spec.replica: unknown field; did you mean "replicas"?',
    ],
  },
]);

table("scheduling rules", [
  {
    rule: "a toleration of everything that does not say so",
    text: podSpec("tolerations: [{ value: x }]"),
    want: ["a.yaml:5: spec.tolerations[0]: a toleration without a key tolerates everything and needs operator: Exists"],
  },
  {
    rule: "Exists with a value",
    text: podSpec("tolerations: [{ key: a, operator: Exists, value: x }]"),
    want: ["a.yaml:5: spec.tolerations[0].value: operator Exists takes no value; remove it, or write operator: Equal"],
  },
  {
    rule: "a spread without skew",
    text: podSpec("topologySpreadConstraints: [{ maxSkew: 0, topologyKey: zone, whenUnsatisfiable: DoNotSchedule }]"),
    want: ["a.yaml:5: spec.topologySpreadConstraints[0].maxSkew: must be at least 1, not 0"],
  },
  {
    rule: "minDomains that never counts",
    text: podSpec(
      "topologySpreadConstraints: [{ maxSkew: 1, minDomains: 2, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway }]",
    ),
    want: [
      "a.yaml:5: spec.topologySpreadConstraints[0].minDomains: counts only with whenUnsatisfiable: DoNotSchedule; remove it or change that",
    ],
  },
  {
    rule: "an affinity term without values",
    text: podSpec(
      "affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: a, operator: In }] }] } } }",
    ),
    want: [
      "a.yaml:5: spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: In needs at least one value",
    ],
  },
  {
    rule: "Gt of a word",
    text: podSpec(
      "affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: a, operator: Gt, values: [many] }] }] } } }",
    ),
    want: [
      'a.yaml:5: spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Gt needs exactly one whole number as text, such as ["4"]',
    ],
  },
  {
    rule: "a weight out of range",
    text: podSpec(
      "affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 200, podAffinityTerm: { topologyKey: zone } }] } }",
    ),
    want: [
      "a.yaml:5: spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: must be 1 to 100, not 200",
    ],
  },
]);

table("workloads", [
  {
    rule: "a selector that misses the template",
    text: deployment("replicas: 1").replace("matchLabels: { app: web }", "matchLabels: { app: api }"),
    want: [
      "a.yaml:6: spec.selector: selects app=api, which the labels of spec.template.metadata do not have; make them equal",
    ],
  },
  {
    rule: "an empty selector",
    text: deployment("replicas: 1").replace("matchLabels: { app: web }", ""),
    want: ["a.yaml:6: spec.selector: must not be empty; select the labels of the template"],
  },
  {
    rule: "a Job whose pods never end",
    text: `apiVersion: batch/v1\nkind: Job\nmetadata: { name: web }\nspec:\n  ${TEMPLATE}\n`,
    want: ["a.yaml:5: spec.template.spec.restartPolicy: must be OnFailure or Never in a Job, not Always (the default)"],
  },
  {
    rule: "a Deployment whose pods end",
    text: deployment("replicas: 1").replace("containers:", "restartPolicy: Never, containers:"),
    want: ["a.yaml:7: spec.template.spec.restartPolicy: must be Always here, not Never; a Job runs pods that end"],
  },
  {
    rule: "a million replicas",
    text: deployment("replicas: 1000000"),
    want: [
      "a.yaml:5: spec.replicas: makes 1000000 pods, and the input 1000000 so far; at most 100000 are planned at once: lower the number, or plan a part of the input",
    ],
  },
  {
    rule: "too many together",
    text: `${deployment("replicas: 60000")}---\n${deployment("replicas: 60000", "api")}`,
    want: [
      "a.yaml:13: spec.replicas: makes 60000 pods, and the input 120000 so far; at most 100000 are planned at once: lower the number, or plan a part of the input",
    ],
  },
]);

table("nodes and pools", [
  {
    rule: "a pod on a node that is not there",
    text: podSpec("nodeName: worker-1"),
    want: [
      'a.yaml:5: spec.nodeName: no Node "worker-1" in the input; add the nodes (kubectl get nodes -o yaml), or remove nodeName to have pods placed',
    ],
  },
  {
    rule: "several pods on it: one problem",
    text: `${podSpec("nodeName: worker-1")}---\n${podSpec("nodeName: worker-1").replace("web", "api")}---\n${podSpec("nodeName: worker-1").replace("web", "db")}`,
    want: [
      'a.yaml:5: spec.nodeName: no Node "worker-1" in the input for this pod and 2 more; add the nodes (kubectl get nodes -o yaml), or remove nodeName to have pods placed',
    ],
  },
  {
    rule: "a node that offers nothing",
    text: "apiVersion: v1\nkind: Node\nmetadata: { name: worker-1 }\n",
    want: [
      "a.yaml:1: status.allocatable: required: what the node offers to pods, such as { cpu: 3920m, memory: 14Gi, pods: 58 }",
    ],
  },
  {
    rule: "a node with a bad amount",
    text: "apiVersion: v1\nkind: Node\nmetadata: { name: worker-1 }\nstatus:\n  allocatable: { cpu: four }\n",
    want: [
      'a.yaml:5: status.allocatable.cpu: "four" is not a quantity; write a number with a suffix, such as 250m, 0.5, 512Mi or 1Gi',
    ],
  },
]);

test("duplicates across files name both places", () => {
  assert.deepEqual(
    problemsOf(file(deployment("replicas: 1"), "one.yaml"), file(`---\n${deployment("replicas: 1")}`, "two.yaml")),
    ["two.yaml:4: metadata.name: Deployment default/web is already at one.yaml:1; remove one of them, or rename it"],
  );
});

test("of very many problems the first hundred are shown, all are kept", () => {
  const many = Array.from({ length: 250 }, (_, index) => deployment("replicas: -1", `web-${index}`)).join("---\n");
  assert.throws(
    () => planInput([file(many)]),
    (error) => {
      assert.ok(error instanceof InvalidManifestsError);
      const lines = error.message.split("\n");
      assert.deepEqual([error.problems.length, lines.length, lines.at(-1)], [250, 101, "… and 150 more"]);
      return true;
    },
  );
});
