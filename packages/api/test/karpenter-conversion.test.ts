import assert from "node:assert/strict";
import { test } from "node:test";
import type { AWSNodeTemplateSpec, ProvisionerSpec } from "@nodeless/api";
import {
  awsNodeTemplateLosses,
  convertAwsNodeTemplate,
  convertProvisioner,
  provisionerLosses,
  validateNodePool,
} from "@nodeless/api";

const converted = (spec: ProvisionerSpec) => convertProvisioner({ metadata: { name: "default" }, spec }).spec;
const convertedClass = (spec: Partial<AWSNodeTemplateSpec>, options = {}) =>
  convertAwsNodeTemplate({ metadata: { name: "default" }, spec: { subnetSelector: {}, ...spec } }, options).spec;

/** Everything the old webhook would have added. */
const ALL_CHOSEN: ProvisionerSpec["requirements"] = [
  { key: "kubernetes.io/os", operator: "Exists" },
  { key: "kubernetes.io/arch", operator: "Exists" },
  { key: "karpenter.sh/capacity-type", operator: "Exists" },
  { key: "karpenter.k8s.aws/instance-family", operator: "In", values: ["m5"] },
];

test("the Provisioner of the old getting-started page becomes a NodePool that means the same", () => {
  const pool = convertProvisioner({
    metadata: { name: "default", labels: { team: "a" } },
    spec: {
      requirements: [{ key: "karpenter.sh/capacity-type", operator: "In", values: ["spot"] }],
      limits: { resources: { cpu: 1000, memory: "1024Gi" } },
      providerRef: { name: "default" },
      ttlSecondsAfterEmpty: 30,
    },
  });
  assert.deepEqual(pool, {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: "default", labels: { team: "a" } },
    spec: {
      template: {
        metadata: {},
        spec: {
          requirements: [
            { key: "karpenter.sh/capacity-type", operator: "In", values: ["spot"] },
            { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
            { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
            { key: "karpenter.k8s.aws/instance-category", operator: "In", values: ["c", "m", "r"] },
            { key: "karpenter.k8s.aws/instance-generation", operator: "Gt", values: ["2"] },
          ],
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" },
          expireAfter: "Never",
        },
      },
      disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "30s", budgets: [{ nodes: "10%" }] },
      limits: { cpu: "1k", memory: "1Ti" },
    },
  });
  assert.deepEqual(validateNodePool(pool), []);
});

for (const { rule, spec, consolidationPolicy, consolidateAfter, expireAfter } of [
  {
    rule: "nothing asked for: nodes stay for ever",
    spec: {},
    consolidationPolicy: "WhenEmpty",
    consolidateAfter: "Never",
  },
  {
    rule: "ttlSecondsAfterEmpty",
    spec: { ttlSecondsAfterEmpty: 0 },
    consolidationPolicy: "WhenEmpty",
    consolidateAfter: "0s",
  },
  {
    rule: "consolidation",
    spec: { consolidation: { enabled: true } },
    consolidationPolicy: "WhenEmptyOrUnderutilized",
    consolidateAfter: "0s",
  },
  {
    rule: "consolidation switched off is the same as none",
    spec: { consolidation: { enabled: false } },
    consolidationPolicy: "WhenEmpty",
    consolidateAfter: "Never",
  },
  {
    rule: "ttlSecondsUntilExpired",
    spec: { ttlSecondsUntilExpired: 2592000 },
    consolidationPolicy: "WhenEmpty",
    consolidateAfter: "Never",
    expireAfter: "2592000s",
  },
])
  test(`disruption: ${rule}`, () => {
    const { disruption, template } = converted(spec);
    assert.equal(disruption?.consolidationPolicy, consolidationPolicy);
    assert.equal(disruption?.consolidateAfter, consolidateAfter);
    assert.equal(template.spec.expireAfter, expireAfter ?? "Never");
  });

for (const { rule, spec, added } of [
  {
    rule: "nothing said adds all five",
    spec: {},
    added: [
      "kubernetes.io/os",
      "kubernetes.io/arch",
      "karpenter.sh/capacity-type",
      "karpenter.k8s.aws/instance-category",
      "karpenter.k8s.aws/instance-generation",
    ],
  },
  { rule: "everything chosen adds nothing", spec: { requirements: ALL_CHOSEN }, added: [] },
  {
    rule: "a label counts as a choice",
    spec: { labels: { "kubernetes.io/arch": "arm64", "node.kubernetes.io/instance-type": "m6g.large" } },
    added: ["kubernetes.io/os", "karpenter.sh/capacity-type"],
  },
])
  test(`former defaults: ${rule}`, () => {
    const before = new Set((spec.requirements ?? []).map(({ key }) => key));
    const keys = converted(spec).template.spec.requirements.map(({ key }) => key);
    assert.deepEqual(
      keys.filter((key) => !before.has(key)),
      added,
    );
  });

test("names of the first generation are renamed or dropped", () => {
  const { template } = converted({
    labels: { "karpenter.sh/provisioner-name": "default", team: "a" },
    annotations: { "karpenter.sh/do-not-consolidate": "true", "example.com/note": "x" },
    requirements: [{ key: "karpenter.k8s.aws/instance-pods", operator: "Gt", values: ["10"] }],
  });
  assert.deepEqual(template.metadata, {
    labels: { team: "a" },
    annotations: { "karpenter.sh/do-not-disrupt": "true", "example.com/note": "x" },
  });
  assert.ok(!template.spec.requirements.some(({ key }) => key === "karpenter.k8s.aws/instance-pods"));
});

test("without providerRef the class has the Provisioner's name, unless the caller gives one", () => {
  const provisioner = { metadata: { name: "gpu" }, spec: {} };
  assert.equal(convertProvisioner(provisioner).spec.template.spec.nodeClassRef.name, "gpu");
  const named = convertProvisioner(provisioner, { nodeClassName: "shared" });
  assert.equal(named.spec.template.spec.nodeClassRef.name, "shared");
});

test("losses of a Provisioner are told", () => {
  assert.deepEqual(provisionerLosses({ spec: { providerRef: { name: "default" } } }), []);
  assert.equal(
    provisionerLosses({ spec: { provider: {}, kubeletConfiguration: { containerRuntime: "docker" } } }).length,
    2,
  );
});

test("the AWSNodeTemplate of the old getting-started page becomes an EC2NodeClass", () => {
  const discovery = { "karpenter.sh/discovery": "demo" };
  const spec = convertedClass(
    { subnetSelector: discovery, securityGroupSelector: discovery },
    {
      defaultInstanceProfile: "KarpenterNodeInstanceProfile-demo",
      kubelet: { maxPods: 20, containerRuntime: "dockerd" },
    },
  );
  assert.deepEqual(spec, {
    subnetSelectorTerms: [{ tags: discovery }],
    securityGroupSelectorTerms: [{ tags: discovery }],
    amiFamily: "AL2023",
    amiSelectorTerms: [{ alias: "al2023@latest" }],
    instanceProfile: "KarpenterNodeInstanceProfile-demo",
    kubelet: { maxPods: 20 },
    metadataOptions: {
      httpEndpoint: "enabled",
      httpProtocolIPv6: "disabled",
      httpPutResponseHopLimit: 2,
      httpTokens: "required",
    },
  });
});

for (const { rule, selector, terms } of [
  {
    rule: "ids are one term each",
    selector: { "aws-ids": "subnet-1, subnet-2" },
    terms: [{ id: "subnet-1" }, { id: "subnet-2" }],
  },
  { rule: "the newer spelling of ids", selector: { "aws::ids": "subnet-1" }, terms: [{ id: "subnet-1" }] },
  { rule: "tags are AND-ed in one term", selector: { a: "1", b: "*" }, terms: [{ tags: { a: "1", b: "*" } }] },
  {
    rule: "a list of values is one term per combination",
    selector: { a: "1,2", b: "3" },
    terms: [{ tags: { a: "1", b: "3" } }, { tags: { a: "2", b: "3" } }],
  },
])
  test(`selectors: ${rule}`, () =>
    assert.deepEqual(convertedClass({ subnetSelector: selector }).subnetSelectorTerms, terms));

for (const { rule, spec, amiFamily, terms } of [
  {
    rule: "Bottlerocket",
    spec: { amiFamily: "Bottlerocket" },
    amiFamily: "Bottlerocket",
    terms: [{ alias: "bottlerocket@latest" }],
  },
  {
    rule: "Custom by tag",
    spec: { amiFamily: "Custom", amiSelector: { role: "node" } },
    amiFamily: "Custom",
    terms: [{ tags: { role: "node" } }],
  },
  {
    rule: "names and owners are not tags",
    spec: { amiSelector: { "aws::name": "my-*", "aws::owners": "self,123456789012" } },
    amiFamily: "AL2",
    terms: [
      { name: "my-*", owner: "self" },
      { name: "my-*", owner: "123456789012" },
    ],
  },
  {
    rule: "Ubuntu is found by name",
    spec: { amiFamily: "Ubuntu" },
    amiFamily: "AL2",
    terms: [{ name: "ubuntu-eks/k8s_*", owner: "099720109477" }],
  },
] as const)
  test(`images: ${rule}`, () => {
    const converted = convertedClass(spec);
    assert.equal(converted.amiFamily, amiFamily);
    assert.deepEqual(converted.amiSelectorTerms, terms);
  });

test("losses of an AWSNodeTemplate are told", () => {
  const losses = awsNodeTemplateLosses({
    spec: { launchTemplate: "mine", amiFamily: "Ubuntu", subnetSelector: { "aws-ids": "subnet-1", team: "a" } },
  });
  assert.equal(losses.length, 3);
  assert.deepEqual(awsNodeTemplateLosses({ spec: { subnetSelector: { a: "b" } } }), []);
});
