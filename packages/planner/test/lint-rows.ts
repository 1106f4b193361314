import type { LintFormat } from "@nodeless/planner";

/** A mistake on the line that is marked with `<<`, and the same without it. */
export interface Row {
  readonly rule: string;
  readonly format?: LintFormat;
  readonly bad: string;
  readonly good: string;
}

export const CONFIG = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: { name: demo, region: ap-northeast-2 }
`;
export const PROFILES = `fargateProfiles:
  - name: system
    selectors:
      - { namespace: kube-system, labels: { k8s-app: kube-dns } }
      - { namespace: apps }
      - { namespace: karpenter }
`;
const CLUSTER = `${CONFIG}${PROFILES}---\n`;

export interface Template {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly replicas?: number;
  readonly labels?: string;
  readonly annotations?: string;
  readonly metadata?: string;
  /** Fields of the pod spec, one a line. */
  readonly spec?: string;
  /** Fields of the container, one a line. */
  readonly container?: string;
  readonly resources?: string;
}

const REQUESTS = "{ requests: { cpu: 100m, memory: 128Mi } }";

/** A workload whose interesting lines stand alone. */
function workload({
  kind = "Deployment",
  namespace = "apps",
  name = "web",
  replicas = 2,
  labels = "",
  annotations = "",
  metadata = "",
  spec = "",
  container = "",
  resources = REQUESTS,
}: Template = {}): string {
  const isJob = kind === "Job";
  const indent = (text: string, by: number): string =>
    text === ""
      ? ""
      : `${text
          .split("\n")
          .map((line) => " ".repeat(by) + line)
          .join("\n")}\n`;
  return `apiVersion: ${isJob ? "batch/v1" : "apps/v1"}
kind: ${kind}
metadata:
  name: ${name}
  namespace: ${namespace}
${indent(metadata, 2)}spec:
${isJob ? "  completions: 1\n" : `  selector: { matchLabels: { app: ${name} } }\n`}${isJob || kind === "DaemonSet" ? "" : `  replicas: ${replicas}\n`}  template:
    metadata:
      labels: { app: ${name}${labels} }
      annotations:
        team: shop
${indent(annotations, 8)}    spec:
      restartPolicy: ${isJob ? "Never" : "Always"}
${indent(spec, 6)}      containers:
        - name: main
          image: registry.example/app:1
${indent(container, 10)}${resources === "" ? "" : `          resources: ${resources}\n`}`;
}

export const onFargate = (template: Template): string => CLUSTER + workload(template);
export const onNodes = (template: Template): string => workload({ namespace: "shop", ...template });
export const object = (apiVersion: string, kind: string, place: string, rest: string): string => {
  const [namespace, name] = place.includes("/") ? place.split("/") : [undefined, place];
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}${namespace === undefined ? "" : `, namespace: ${namespace}`} }\n${rest}\n`;
};
export const join = (...documents: readonly string[]): string => documents.join("\n---\n");
export const config = (rest: string): string => `${CONFIG}${rest}`;
export const pool = (
  rest: string,
  requirements = "[{ key: kubernetes.io/arch, operator: In, values: [amd64] }]",
): string =>
  join(
    object(
      "karpenter.k8s.aws/v1",
      "EC2NodeClass",
      "default",
      "spec: { role: node, amiSelectorTerms: [{ alias: al2023@latest }], subnetSelectorTerms: [{ id: subnet-1234 }], securityGroupSelectorTerms: [{ id: sg-1234 }] }",
    ),
    `apiVersion: karpenter.sh/v1
kind: NodePool
metadata: { name: general }
${rest.includes("spec:") ? "" : "spec:\n"}${rest}
  template:
    spec:
      requirements: ${requirements}
      nodeClassRef: { group: karpenter.k8s.aws, kind: EC2NodeClass, name: default }
`,
  );
export const policy = (principal: string, rest = ""): string =>
  `{
  "Version": "2012-10-17",
  "Statement": [
    { <<
      "Effect": "Allow",
      "Principal": ${principal},
      "Action": "sts:AssumeRole"${rest}
    }
  ]
}`;
export const service = (rest: string, metadata = ""): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: apps\n${metadata}spec:\n  selector: { app: web }\n  ports: [{ port: 80 }]\n${rest}`;
export const budget = (rest: string, name = "web"): string =>
  object(
    "policy/v1",
    "PodDisruptionBudget",
    `shop/${name}`,
    `spec:\n  selector: { matchLabels: { app: web } }\n${rest}`,
  );
