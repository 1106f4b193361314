import { AGENT, deployment, NODE, NODE_CLASS, nodePool } from "./plan-fixture.ts";

const CLUSTER = `
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: { name: demo, region: ap-northeast-2 }
fargateProfiles:
  - name: system
    selectors: [{ namespace: kube-system }]
  - name: web
    selectors: [{ namespace: shop, labels: { tier: web, track: stable } }, { namespace: "team-*" }]`;
const TAINTED_NODE = NODE.replace(
  "status:",
  "spec: { taints: [{ key: team, value: data, effect: NoSchedule }] }\nstatus:",
);
const SPREAD = `topologySpreadConstraints: [{ maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { app: web } } }]`;
const ALONE = `affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: web } } }] } }`;
const capacity = (type: string) => ({ "karpenter.sh/capacity-type": [type] });
const taint = "{ key: team, value: data, effect: NoSchedule }";

/** One question, asked of a plan of some manifests. */
export interface Scene {
  readonly name: string;
  readonly manifests: readonly string[];
  readonly pod?: string;
  readonly node?: string;
}

const SHOP: readonly string[] = [
  CLUSTER,
  AGENT,
  deployment("kube-system/coredns", { replicas: 2, cpu: "100m", memory: "70Mi" }),
  deployment("shop/web", { replicas: 3, cpu: "500m", memory: "1Gi", labels: ", tier: web" }),
  deployment("shop/search", { cpu: "2", memory: "3Gi" }),
];

/** What the issue asks `why` to explain, each on a catalogue whose sums a reader can redo. */
export const SCENES: readonly Scene[] = [
  { name: "ec2", manifests: SHOP, pod: "shop/web-0" },
  { name: "fargate", manifests: SHOP, pod: "kube-system/coredns-1" },
  { name: "node", manifests: SHOP, node: "default-0" },
  {
    name: "fargate-refused",
    manifests: [CLUSTER, deployment("kube-system/agent", { spec: "hostNetwork: true" })],
    pod: "kube-system/agent-0",
  },
  {
    name: "annotation",
    manifests: [
      CLUSTER,
      deployment("kube-system/dns", { cpu: "1", annotations: "eks.amazonaws.com/compute-type: ec2" }),
    ],
    pod: "kube-system/dns-0",
  },
  {
    name: "chosen-profile",
    manifests: [CLUSTER, deployment("shop/web", { labels: ", eks.amazonaws.com/fargate-profile: system" })],
    pod: "shop/web-0",
  },
  { name: "too-large", manifests: [CLUSTER, deployment("shop/giant", { cpu: "64" })], pod: "shop/giant-0" },
  {
    name: "pools",
    manifests: [
      NODE_CLASS,
      nodePool("data", {}, "weight: 50").replace("requirements: []", `taints: [${taint}]\n      requirements: []`),
      nodePool("reserve", capacity("on-demand"), "limits: { cpu: 1 }").replace("limits:", "weight: 40\n  limits:"),
      nodePool("spot", capacity("spot"), "weight: 10"),
      nodePool("last", capacity("on-demand")),
      deployment("shop/web", { replicas: 2, cpu: "1", memory: "1Gi" }),
    ],
    pod: "shop/web-0",
  },
  {
    name: "limits",
    manifests: [NODE_CLASS, nodePool("small", {}, "limits: { cpu: 6 }"), deployment("shop/web", { cpu: "1" })],
    pod: "shop/web-0",
  },
  {
    name: "existing-node",
    manifests: [
      TAINTED_NODE,
      deployment("shop/web", {
        replicas: 2,
        cpu: "1",
        spec: "tolerations: [{ key: team, operator: Exists }]",
      }),
      deployment("shop/api", { cpu: "1", memory: "1Gi" }),
    ],
    pod: "shop/web-0",
  },
  {
    name: "zones",
    manifests: [
      NODE_CLASS,
      nodePool("all", {}),
      deployment("shop/web", { replicas: 2, cpu: "1500m", memory: "1Gi", spec: SPREAD }),
    ],
    pod: "shop/web-0",
  },
  {
    name: "apart",
    manifests: [deployment("shop/web", { replicas: 6, cpu: "500m", memory: "1Gi", spec: ALONE })],
    pod: "shop/web-3",
  },
  { name: "bought-node", manifests: [TAINTED_NODE, deployment("shop/web", { cpu: "1" })], node: "ip-10-0-0-1" },
];
