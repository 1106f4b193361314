import { budget, config, join, object, onNodes, PROFILES, pool, type Row } from "./lint-rows.ts";

const INPUT_ROWS: readonly Row[] = [
  {
    rule: "cluster-config-unsupported",
    bad: config("cloudWatch: { clusterLogging: { enableTypes: [api] } } <<\n"),
    good: config("vpc: { nat: { gateway: Single } }\n"),
  },
  { rule: "manifest-invalid", bad: onNodes({}).replace("replicas: 2", 'replicas: "2" <<'), good: onNodes({}) },
  {
    rule: "lint-ignore-unknown",
    bad: `# nodeless.dev/lint-ignore: no-such-rule <<\n${onNodes({})}`,
    good: `# nodeless.dev/lint-ignore: requests-missing\n${onNodes({})}`,
  },
];

const PROFILE_ROWS: readonly Row[] = [
  {
    rule: "profile-whole-kube-system",
    bad: config("fargateProfiles:\n  - name: a\n    selectors:\n      - namespace: kube-* <<\n"),
    good: config(PROFILES),
  },
  {
    rule: "profile-whole-kube-system",
    format: "shell",
    bad: "eksctl create fargateprofile --cluster c --name k --namespace kube-system <<",
    good: "eksctl create fargateprofile --cluster c --name k --namespace kube-system --labels k8s-app=kube-dns",
  },
  {
    rule: "profile-default-namespace",
    bad: config("fargateProfiles:\n  - name: a\n    selectors:\n      - namespace: default <<\n"),
    good: config(
      "fargateProfiles:\n  - name: a\n    selectors:\n      - namespace: default\n        labels: { run: fargate }\n",
    ),
  },
  {
    rule: "profile-label-mismatch",
    bad: join(
      config(
        "fargateProfiles:\n  - name: a\n    selectors:\n      - namespace: shop\n        labels: { run: fargate } <<\n",
      ),
      onNodes({ metadata: "labels: { run: fargate }" }),
    ),
    good: join(
      config(
        "fargateProfiles:\n  - name: a\n    selectors:\n      - namespace: shop\n        labels: { run: fargate }\n",
      ),
      onNodes({ labels: ", run: fargate" }),
    ),
  },
  {
    rule: "profile-selects-nothing",
    bad: join(config("fargateProfiles:\n  - name: a\n    selectors:\n      - namespace: shopp <<\n"), onNodes({})),
    good: join(config("fargateProfiles:\n  - name: a\n    selectors:\n      - namespace: shop\n"), onNodes({})),
  },
  {
    rule: "profile-duplicate",
    bad: config(
      "fargateProfiles:\n  - name: b\n    selectors:\n      - namespace: apps\n  - name: a\n    selectors:\n      - namespace: apps <<\n",
    ),
    good: config(
      "fargateProfiles:\n  - name: b\n    selectors:\n      - namespace: apps\n  - name: a\n    selectors:\n      - namespace: jobs\n",
    ),
  },
  {
    rule: "profile-role-spelling",
    bad: config(
      "fargateProfiles:\n  - name: a\n    podExecutionRoleArn: arn:aws:iam::111122223333:role/fargate <<\n    selectors:\n      - namespace: apps\n",
    ),
    good: config(
      "fargateProfiles:\n  - name: a\n    podExecutionRoleARN: arn:aws:iam::111122223333:role/fargate\n    selectors:\n      - namespace: apps\n",
    ),
  },
  {
    rule: "profile-role-arn",
    bad: config(
      "fargateProfiles:\n  - name: a\n    podExecutionRoleARN: $FargateRole <<\n    selectors:\n      - namespace: apps\n",
    ),
    good: config(
      "fargateProfiles:\n  - name: a\n    podExecutionRoleARN: arn:aws:iam::111122223333:role/fargate\n    selectors:\n      - namespace: apps\n",
    ),
  },
  {
    rule: "fargate-pod-identity",
    bad: config(
      `iam:\n  podIdentityAssociations:\n    - { namespace: apps, serviceAccountName: web, roleARN: x } <<\n${PROFILES}`,
    ),
    good: config(
      `iam:\n  podIdentityAssociations:\n    - { namespace: shop, serviceAccountName: web, roleARN: x }\n${PROFILES}`,
    ),
  },
];

const CONFIG_ROWS: readonly Row[] = [
  {
    rule: "profile-public-subnet",
    bad: config(
      "vpc: { subnets: { public: { a: { id: subnet-1 } } } }\nfargateProfiles:\n  - name: a\n    subnets:\n      - subnet-1 <<\n    selectors: [{ namespace: apps }]\n",
    ),
    good: config(
      "vpc: { subnets: { private: { a: { id: subnet-1 } } } }\nfargateProfiles:\n  - name: a\n    subnets:\n      - subnet-1\n    selectors: [{ namespace: apps }]\n",
    ),
  },
  {
    rule: "cluster-oidc",
    bad: config("iam:\n  serviceAccounts: <<\n    - metadata: { name: a }\n"),
    good: config("iam:\n  withOIDC: true\n  serviceAccounts:\n    - metadata: { name: a }\n"),
  },
  {
    rule: "cluster-oidc",
    bad: config("karpenter: <<\n  version: 1.14.1\n"),
    good: config("iam: { withOIDC: true }\nkarpenter:\n  version: 1.14.1\n"),
  },
  {
    rule: "cluster-cidr",
    bad: config("vpc: { cidr: 10.0.0.0/16 }\nkubernetesNetworkConfig:\n  serviceIPv4CIDR: 10.0.128.0/20 <<\n"),
    good: config("vpc: { cidr: 10.0.0.0/16 }\nkubernetesNetworkConfig:\n  serviceIPv4CIDR: 172.20.0.0/16\n"),
  },
  {
    rule: "cluster-cidr",
    bad: config("vpc:\n  cidr: 52.10.0.0/16 <<\n"),
    good: config("vpc:\n  cidr: 172.31.0.0/16\n"),
  },
  {
    rule: "cluster-nat",
    bad: config(`vpc:\n  nat:\n    gateway: Disable <<\n${PROFILES}`),
    good: config(`vpc:\n  nat:\n    gateway: Single\n${PROFILES}`),
  },
  {
    rule: "cluster-endpoint",
    bad: config("vpc:\n  publicAccessCIDRs: [203.0.113.0/24]\n  clusterEndpoints:\n    privateAccess: false <<\n"),
    good: config("vpc:\n  publicAccessCIDRs: [203.0.113.0/24]\n  clusterEndpoints:\n    privateAccess: true\n"),
  },
  {
    rule: "cluster-zones",
    bad: config("availabilityZones: [ap-northeast-2a] <<\n"),
    good: config("availabilityZones: [ap-northeast-2a, ap-northeast-2b]\n"),
  },
  {
    rule: "addon-configuration",
    bad: config(
      `addons:\n  - name: coredns\n    configurationValues: '{"replicaCount":2,"autoScaling":{"enabled":true}}' <<\n`,
    ),
    good: config(
      `addons:\n  - name: coredns\n    configurationValues: '{"autoScaling":{"enabled":true,"minReplicas":2}}'\n`,
    ),
  },
];

const KARPENTER_ROWS: readonly Row[] = [
  {
    rule: "karpenter-old-api",
    bad: "apiVersion: karpenter.sh/v1alpha5\nkind: Provisioner <<\nmetadata: { name: default }\nspec: { limits: { resources: { cpu: 10 } }, providerRef: { name: default } }\n",
    good: pool("  limits: { cpu: 10 }"),
  },
  { rule: "nodepool-no-limits", bad: pool("spec: <<"), good: pool("  limits: { cpu: 10 }") },
  {
    rule: "nodepool-any-arch",
    bad: pool("  limits: { cpu: 10 }", "[{ key: karpenter.sh/capacity-type, operator: In, values: [spot] }] <<"),
    good: pool(
      "  limits: { cpu: 10 }",
      "[{ key: karpenter.k8s.aws/instance-family, operator: In, values: [m7i, c7a] }]",
    ),
  },
  {
    rule: "nodepool-consolidation-off",
    bad: pool("  limits: { cpu: 10 }\n  disruption:\n    consolidateAfter: 1m\n    consolidationPolicy: WhenEmpty <<"),
    good: pool(
      "  limits: { cpu: 10 }\n  disruption:\n    consolidateAfter: 1m\n    consolidationPolicy: WhenEmptyOrUnderutilized",
    ),
  },
  {
    rule: "nodepool-consolidation-off",
    bad: pool('  limits: { cpu: 10 }\n  disruption:\n    consolidateAfter: 1m\n    budgets:\n      - nodes: "0" <<'),
    good: pool(
      '  limits: { cpu: 10 }\n  disruption:\n    consolidateAfter: 1m\n    budgets:\n      - { nodes: "0", schedule: 0 9 * * *, duration: 8h }',
    ),
  },
  {
    rule: "nodepool-class-unknown",
    bad: pool("  limits: { cpu: 10 }").replace(
      "kind: EC2NodeClass, name: default }",
      "kind: EC2NodeClass, name: defualt } <<",
    ),
    good: pool("  limits: { cpu: 10 }"),
  },
  {
    rule: "no-node",
    bad: onNodes({ spec: "nodeSelector: { kubernetes.io/arch: arm64 } <<" }),
    good: onNodes({ spec: "nodeSelector: { kubernetes.io/arch: amd64 }" }),
  },
  { rule: "no-node", bad: onNodes({ resources: "{ requests: { cpu: 900, memory: 1Gi } } <<" }), good: onNodes({}) },
  {
    rule: "do-not-disrupt-value",
    bad: onNodes({ annotations: 'karpenter.sh/do-not-disrupt: "yes" <<' }),
    good: onNodes({ annotations: 'karpenter.sh/do-not-disrupt: "2h"' }),
  },
  {
    rule: "do-not-disrupt-value",
    bad: onNodes({ metadata: 'annotations:\n  karpenter.sh/do-not-disrupt: "true" <<' }),
    good: onNodes({ annotations: 'karpenter.sh/do-not-disrupt: "true"' }),
  },
];

const spread = (app: string): string =>
  `topologySpreadConstraints:\n  - maxSkew: 1\n    topologyKey: topology.kubernetes.io/zone\n    whenUnsatisfiable: ScheduleAnyway\n    labelSelector: { matchLabels: { app: ${app} } }`;
const apart = (app: string): string =>
  `affinity:\n  podAntiAffinity:\n    requiredDuringSchedulingIgnoredDuringExecution:\n      - topologyKey: kubernetes.io/hostname\n        labelSelector: { matchLabels: { app: ${app} } }`;

const SELECTOR_ROWS: readonly Row[] = [
  {
    rule: "service-selects-nothing",
    bad: join(
      onNodes({}),
      object("v1", "Service", "shop/web", "spec:\n  selector: { app: wbe } <<\n  ports: [{ port: 80 }]"),
    ),
    good: join(
      onNodes({}),
      object("v1", "Service", "shop/web", "spec:\n  selector: { app: web }\n  ports: [{ port: 80 }]"),
    ),
  },
  {
    rule: "service-selects-nothing",
    bad: join(
      onNodes({}),
      object("v1", "Service", "web", "spec:\n  selector: { app: web } <<\n  ports: [{ port: 80 }]"),
    ),
    good: object("v1", "Service", "web", "spec:\n  selector: { app: web }\n  ports: [{ port: 80 }]"),
  },
  {
    rule: "pdb-selects-nothing",
    bad: join(
      onNodes({}),
      object(
        "policy/v1",
        "PodDisruptionBudget",
        "shop/web",
        "spec:\n  maxUnavailable: 1\n  selector: { matchLabels: { app: wbe } } <<",
      ),
    ),
    good: join(onNodes({}), budget("  maxUnavailable: 1")),
  },
  {
    rule: "network-policy-selects-nothing",
    bad: join(
      onNodes({}),
      object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "shop/web",
        "spec:\n  podSelector: { matchLabels: { app: wbe } } <<",
      ),
    ),
    good: join(onNodes({}), object("networking.k8s.io/v1", "NetworkPolicy", "shop/all", "spec:\n  podSelector: {}")),
  },
  {
    rule: "affinity-selects-nothing",
    bad: onNodes({ spec: `${apart("wbe")} <<` }),
    good: onNodes({ spec: apart("web") }),
  },
  {
    rule: "spread-selects-nothing",
    bad: onNodes({ spec: `${spread("wbe")} <<` }),
    good: onNodes({ spec: spread("web") }),
  },
  {
    rule: "pdb-blocks-drain",
    bad: join(onNodes({ replicas: 1 }), budget("  minAvailable: 1 <<")),
    good: join(onNodes({ replicas: 2 }), budget("  minAvailable: 1")),
  },
  {
    rule: "pdb-blocks-drain",
    bad: join(onNodes({ replicas: 4 }), budget("  maxUnavailable: 0 <<")),
    good: join(onNodes({ replicas: 4 }), budget("  minAvailable: 75%")),
  },
  {
    rule: "pdb-overlap",
    bad: join(
      onNodes({}),
      budget("  maxUnavailable: 1"),
      budget("  maxUnavailable: 1", "second").replace(
        "selector: { matchLabels: { app: web } }",
        "selector: { matchLabels: { app: web } } <<",
      ),
    ),
    good: join(onNodes({}), budget("  maxUnavailable: 1")),
  },
];

export const CLUSTER_ROWS: readonly Row[] = [
  ...INPUT_ROWS,
  ...PROFILE_ROWS,
  ...CONFIG_ROWS,
  ...KARPENTER_ROWS,
  ...SELECTOR_ROWS,
];
