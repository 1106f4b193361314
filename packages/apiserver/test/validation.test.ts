import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "@nodeless/api";
import { created, kindOf, texts, updated } from "./kind-pipeline.ts";

const container = { name: "c", image: "nginx" };
const pod = (spec: object): object => ({ spec: { containers: [container], ...spec } });
const only = (fields: object): object => ({ spec: { containers: [{ ...container, ...fields }] } });
const template = { metadata: { labels: { app: "x" } }, spec: { containers: [container] } };
const selector = { matchLabels: { app: "x" } };
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const CREATE: readonly (readonly [kind: string, rule: string, body: object, want: readonly string[]])[] = [
  ["Pod", "is sound", pod({}), []],
  [
    "Pod",
    "name",
    { metadata: { name: "No_Way" }, ...pod({}) },
    [`metadata.name: Invalid value: "No_Way": ${SUBDOMAIN}`],
  ],
  ["Pod", "generateName may end in a dash", { metadata: { generateName: "web-" }, ...pod({}) }, []],
  [
    "Pod",
    "label value",
    { metadata: { name: "x", labels: { a: "b c" } }, ...pod({}) },
    [
      "metadata.labels: Invalid value: \"b c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ],
  [
    "Pod",
    "annotations have a bound",
    { metadata: { name: "x", annotations: { a: "x".repeat(262_144) } }, ...pod({}) },
    ["metadata.annotations: Too long: may not be more than 262144 bytes"],
  ],
  ["Pod", "containers required", { spec: {} }, ["spec.containers: Required value"]],
  ["Pod", "image required", { spec: { containers: [{ name: "c" }] } }, ["spec.containers[0].image: Required value"]],
  [
    "Pod",
    "container names are unique",
    { spec: { containers: [container, container] } },
    ['spec.containers[1].name: Duplicate value: "c"'],
  ],
  [
    "Pod",
    "port range",
    only({ ports: [{ containerPort: 70_000 }] }),
    ["spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"],
  ],
  [
    "Pod",
    "restartPolicy",
    pod({ restartPolicy: "Sometimes" }),
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'],
  ],
  [
    "Pod",
    "requests within limits",
    only({ resources: { limits: { cpu: "1" }, requests: { cpu: "2" } } }),
    ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
  ],
  [
    "Pod",
    "devices are not overcommitted",
    only({ resources: { limits: { "nvidia.com/gpu": "2" }, requests: { "nvidia.com/gpu": "1" } } }),
    ['spec.containers[0].resources.requests: Invalid value: "1": must be equal to nvidia.com/gpu limit of 2'],
  ],
  [
    "Pod",
    "unknown resource",
    only({ resources: { requests: { cpus: "1" } } }),
    ['spec.containers[0].resources.requests[cpus]: Invalid value: "cpus": must be a standard resource for containers'],
  ],
  [
    "Pod",
    "variable names",
    only({ env: [{ name: "A=B" }] }),
    [
      "spec.containers[0].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='",
    ],
  ],
  [
    "Pod",
    "a value or a source",
    only({ env: [{ name: "A", value: "1", valueFrom: { fieldRef: { fieldPath: "a" } } }] }),
    ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
  ],
  [
    "Pod",
    "mounts name volumes",
    only({ volumeMounts: [{ name: "v", mountPath: "/v" }] }),
    ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
  ],
  [
    "Pod",
    "one source per volume",
    pod({ volumes: [{ name: "v", emptyDir: {}, secret: { secretName: "s" } }] }),
    ["spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"],
  ],
  [
    "Pod",
    "tolerations",
    pod({ tolerations: [{ key: "a", effect: "NoSchedule", tolerationSeconds: 1, operator: "Exists" }] }),
    [
      "spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
    ],
  ],
  [
    "Pod",
    "topology spread",
    pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }] }),
    ["spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero"],
  ],
  [
    "Pod",
    "anti-affinity has a topology",
    pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } }),
    [
      "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty",
    ],
  ],
  ["Deployment", "selector required", { spec: { template } }, ["spec.selector: Required value"]],
  [
    "Deployment",
    "selector matches template",
    { spec: { selector: { matchLabels: { app: "y" } }, template } },
    ['spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`'],
  ],
  [
    "Deployment",
    "pods of a deployment restart always",
    { spec: { selector, template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } } },
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    "Deployment",
    "a rolling update must be able to move",
    { spec: { selector, template, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } },
    ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
  ],
  [
    "Deployment",
    "replicas",
    { spec: { selector, template, replicas: -1 } },
    ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
  ],
  [
    "StatefulSet",
    "mounts may name claim templates",
    {
      spec: {
        selector,
        template: {
          ...template,
          spec: { containers: [{ ...container, volumeMounts: [{ name: "data", mountPath: "/d" }] }] },
        },
        volumeClaimTemplates: [{ metadata: { name: "data" } }],
      },
    },
    [],
  ],
  [
    "Job",
    "a job's pods do not restart always",
    { spec: { template } },
    ['spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "OnFailure", "Never"'],
  ],
  [
    "CronJob",
    "schedule",
    {
      spec: {
        schedule: "61 * * * *",
        jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [container] } } } },
      },
    },
    ['spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'],
  ],
  [
    "Service",
    "names are DNS-1035",
    { metadata: { name: "1st" }, spec: { ports: [{ port: 80 }] } },
    [
      "metadata.name: Invalid value: \"1st\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  [
    "Service",
    "several ports need names",
    { spec: { ports: [{ port: 80 }, { port: 81 }] } },
    ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
  ],
  ["Service", "headless needs no ports", { spec: { clusterIP: "None" } }, []],
  [
    "ConfigMap",
    "keys",
    { data: { "a/b": "" } },
    [
      "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
  [
    "Secret",
    "keys a type needs",
    { type: "kubernetes.io/tls", data: { "tls.crt": "" } },
    ["data[tls.key]: Required value"],
  ],
  [
    "PodDisruptionBudget",
    "one of two",
    { spec: { minAvailable: 1, maxUnavailable: 1 } },
    ['spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set'],
  ],
  [
    "PersistentVolumeClaim",
    "size and mode",
    { spec: {} },
    ["spec.accessModes: Required value: at least 1 access mode is required", "spec.resources[storage]: Required value"],
  ],
  [
    "Ingress",
    "pathType",
    { spec: { rules: [{ http: { paths: [{ path: "/", backend: { service: { name: "s" } } }] } }] } },
    ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"],
  ],
  [
    "PriorityClass",
    "reserved names",
    { metadata: { name: "system-mine" }, value: 1 },
    ["metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only"],
  ],
  [
    "RoleBinding",
    "names may hold colons, subjects need a known kind",
    { metadata: { name: "system:x" }, roleRef: { kind: "Role", name: "r" }, subjects: [{ kind: "Robot", name: "r" }] },
    ['subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"'],
  ],
  [
    "Node",
    "taints",
    { spec: { taints: [{ key: "a", effect: "Never" }] } },
    [
      'spec.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  [
    "Namespace",
    "names are labels",
    { metadata: { name: "a.b" } },
    [
      "metadata.name: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
];
for (const [kind, rule, body, want] of CREATE)
  test(`create ${kind}: ${rule}`, () => {
    const definition = kindOf(kind);
    // `created` names the object unless the body does.
    const object = created(definition, definition.namespaced ? body : { metadata: { name: "x" }, ...body });
    assert.deepEqual(texts(definition.validateCreate(object)), want);
  });

const POD_CHANGES =
  "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const deployment = { spec: { selector, template } };
const UPDATE: readonly (readonly [
  kind: string,
  rule: string,
  before: object,
  after: object,
  want: readonly string[],
])[] = [
  [
    "Pod",
    "the image may change",
    only({ imagePullPolicy: "Always" }),
    only({ image: "nginx:2", imagePullPolicy: "Always" }),
    [],
  ],
  [
    "Pod",
    "other fields may not, and the answer says which",
    pod({}),
    pod({ hostname: "h" }),
    [`${POD_CHANGES}\n- hostname: unset\n+ hostname: "h"`],
  ],
  [
    "Pod",
    "containers may not be added",
    pod({}),
    { spec: { containers: [container, { ...container, name: "d" }] } },
    ["spec.containers: Forbidden: pod updates may not add or remove containers"],
  ],
  [
    "Pod",
    "tolerations may be added",
    pod({ tolerations: [{ key: "a", operator: "Exists" }] }),
    pod({
      tolerations: [
        { key: "a", operator: "Exists" },
        { key: "b", operator: "Exists" },
      ],
    }),
    [],
  ],
  [
    "Pod",
    "tolerations may not be removed",
    pod({ tolerations: [{ key: "a", operator: "Exists" }] }),
    pod({}),
    ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"],
  ],
  ["Pod", "gates may be removed", pod({ schedulingGates: [{ name: "a" }] }), pod({}), []],
  [
    "Pod",
    "gates may not be added",
    pod({}),
    pod({ schedulingGates: [{ name: "a" }] }),
    ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'"],
  ],
  [
    "Deployment",
    "the selector is immutable",
    deployment,
    {
      spec: {
        selector: { matchLabels: { app: "x", b: "c" } },
        template: { ...template, metadata: { labels: { app: "x", b: "c" } } },
      },
    },
    ['spec.selector: Invalid value: {"matchLabels":{"app":"x","b":"c"}}: field is immutable'],
  ],
  ["Deployment", "the rest may change", deployment, { spec: { ...deployment.spec, replicas: 5 } }, []],
  [
    "StatefulSet",
    "few fields may change",
    deployment,
    { spec: { ...deployment.spec, serviceName: "s" } },
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  ],
  [
    "Service",
    "the address stays",
    { spec: { clusterIP: "10.96.0.1", ports: [{ port: 80 }] } },
    { spec: { clusterIP: "10.96.0.2", ports: [{ port: 80 }] } },
    ['spec.clusterIPs[0]: Invalid value: ["10.96.0.2"]: may not change once set'],
  ],
  [
    "ConfigMap",
    "immutable means immutable",
    { immutable: true, data: { a: "1" } },
    { immutable: true, data: { a: "2" } },
    ["data: Forbidden: field is immutable when `immutable` is set"],
  ],
  ["Secret", "the type stays", { type: "a" }, { type: "b" }, ['type: Invalid value: "b": field is immutable']],
  [
    "RoleBinding",
    "the role stays",
    { roleRef: { kind: "Role", name: "a" } },
    { roleRef: { kind: "Role", name: "b" } },
    [
      'roleRef: Invalid value: {"kind":"Role","name":"b","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
    ],
  ],
  [
    "PriorityClass",
    "the value stays",
    { value: 1 },
    { value: 2 },
    ["value: Forbidden: may not be changed in an update."],
  ],
];
for (const [kind, rule, before, after, want] of UPDATE)
  test(`update ${kind}: ${rule}`, () => {
    const definition = kindOf(kind);
    const meta = { metadata: { name: "x" } };
    const old = created(definition, { ...meta, ...before });
    const object = updated(definition, old, { metadata: old.metadata, ...after });
    const kept = definition.kind === "Pod" ? withServerFields(object, old) : object;
    assert.deepEqual(texts(definition.validateUpdate(kept, old, "")), want);
  });

/** A client that changes a pod sends back what the server filled in on create. */
function withServerFields(object: KubernetesObject, old: KubernetesObject): KubernetesObject {
  const spec = (value: KubernetesObject): Record<string, unknown> =>
    (value as KubernetesObject & { spec: Record<string, unknown> }).spec;
  const { priority, preemptionPolicy, serviceAccount, serviceAccountName } = spec(old);
  return {
    ...object,
    spec: { ...spec(object), priority, preemptionPolicy, serviceAccount, serviceAccountName },
  } as KubernetesObject;
}

test("a job's template is immutable, its parallelism is not", () => {
  const definition = kindOf("Job");
  const job = (image: string, parallelism: number): object => ({
    spec: {
      parallelism,
      completions: 1,
      template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image }] } },
    },
  });
  const old = created(definition, job("a", 1)) as KubernetesObject & {
    spec: { template: object; parallelism: number };
  };
  assert.deepEqual(
    definition.validateUpdate({ ...old, spec: { ...old.spec, parallelism: 4 } } as KubernetesObject, old, ""),
    [],
  );
  const changed = created(definition, job("b", 1));
  assert.match(
    texts(definition.validateUpdate(changed, old, "")).join(),
    /^spec.template: Invalid value: .*: field is immutable$/,
  );
});
