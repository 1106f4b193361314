import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clusterSpec, formatProblem, InvalidClusterFileError, parseClusterFile } from "@nodeless/eks/spec";

const HEAD = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n";

function problemsOf(text: string): readonly string[] {
  try {
    clusterSpec(parseClusterFile(text, "c.yaml"), {});
    return [];
  } catch (error) {
    if (error instanceof InvalidClusterFileError) return error.problems.map(formatProblem);
    throw error;
  }
}

describe("a cluster file is refused with file, line, path and remedy", () => {
  for (const { rule, text, want } of [
    {
      rule: "unknown field with a near one",
      text: `${HEAD}metadata:\n  nam: x\n`,
      want: ['c.yaml:4: metadata.nam: unknown field; did you mean "name"?'],
    },
    {
      rule: "unknown field with no near one lists what there is",
      text: `${HEAD}vpc:\n  zzzzzzz: 1\n`,
      want: [
        "c.yaml:4: vpc.zzzzzzz: unknown field; known fields here are cidr, nat, clusterEndpoints, publicAccessCIDRs, id, subnets",
      ],
    },
    {
      rule: "wrong type",
      text: `${HEAD}iam:\n  withOIDC: 5\n`,
      want: ["c.yaml:4: iam.withOIDC: expected true or false, found 5"],
    },
    {
      rule: "wrong word",
      text: `${HEAD}vpc:\n  nat: { gateway: Double }\n`,
      want: ['c.yaml:4: vpc.nat.gateway: expected Single or HighlyAvailable or Disable, found "Double"'],
    },
    {
      rule: "node groups",
      text: `${HEAD}nodeGroups: []\n`,
      want: [
        "c.yaml:3: nodeGroups: nodeless has no node groups: remove this field; pods that no Fargate profile selects get nodes from the NodePool",
      ],
    },
    {
      rule: "duplicate keys are bad YAML",
      text: `${HEAD}metadata: { name: a }\nmetadata: { name: b }\n`,
      want: ["c.yaml:4: not valid YAML: Map keys must be unique"],
    },
    {
      rule: "a scalar document",
      text: "hello\n",
      want: ["c.yaml:1: expected a mapping with apiVersion and kind; if the indentation was lost, restore it"],
    },
    {
      rule: "a manifest without a kind",
      text: "metadata: { name: x }\n",
      want: ["c.yaml:1: apiVersion and kind are required in every document"],
    },
    {
      rule: "a manifest without a name",
      text: "apiVersion: v1\nkind: Pod\nmetadata: {}\n",
      want: ["c.yaml:1: metadata.name: required: give the Pod a name"],
    },
    {
      rule: "two ClusterConfigs",
      text: `${HEAD}---\n${HEAD}`,
      want: ["c.yaml:4: a second ClusterConfig: one file describes one cluster"],
    },
    {
      rule: "a profile without selectors",
      text: `${HEAD}fargateProfiles: [{ name: a }]\n`,
      want: [
        "c.yaml: fargateProfiles[0].selectors: required: a profile without selectors matches no pod; add at least one namespace",
      ],
    },
    {
      rule: "a reserved, and a repeated profile name",
      text: `${HEAD}fargateProfiles: [{ name: eks-a, selectors: [{ namespace: x }] }, { name: b, selectors: [{ namespace: x }] }, { name: b, selectors: [{ namespace: x }] }]\n`,
      want: [
        'c.yaml: fargateProfiles[0].name: must not start with "eks-": that prefix belongs to EKS',
        'c.yaml: fargateProfiles[2].name: "b" is used twice: profile names are unique in a cluster',
      ],
    },
    {
      rule: "a bad VPC block",
      text: `${HEAD}vpc: { cidr: 10.0.0.0/8 }\n`,
      want: ['c.yaml: vpc.cidr: "10.0.0.0/8" is not an IPv4 block between /16 and /24, such as "192.168.0.0/16"'],
    },
    {
      rule: "a bad version",
      text: `${HEAD}metadata: { version: latest }\n`,
      want: ['c.yaml: metadata.version: "latest" is not a Kubernetes minor version such as "1.35"'],
    },
    {
      rule: "several problems at once",
      text: `${HEAD}metadata:\n  nam: x\n  regoin: y\n`,
      want: [
        'c.yaml:4: metadata.nam: unknown field; did you mean "name"?',
        'c.yaml:5: metadata.regoin: unknown field; did you mean "region"?',
      ],
    },
  ]) {
    test(rule, () => assert.deepEqual(problemsOf(text), want));
  }
});

describe("a spec completes what the file leaves open", () => {
  test("no file: profiles for kube-system and karpenter, in ap-northeast-2 unless the environment says otherwise", () => {
    const { spec, notices } = clusterSpec(undefined, {});
    assert.deepEqual(
      spec.fargateProfiles.map(({ name, selectors }) => [name, selectors]),
      [
        ["kube-system", [{ namespace: "kube-system" }]],
        ["karpenter", [{ namespace: "karpenter" }]],
      ],
    );
    assert.deepEqual(
      [spec.name, spec.region, spec.version, spec.vpcCidr],
      ["nodeless", "ap-northeast-2", "1.35", "192.168.0.0/16"],
    );
    assert.deepEqual(
      spec.addons.map(({ name }) => name),
      ["vpc-cni", "kube-proxy", "coredns"],
    );
    assert.deepEqual(notices, []);
    assert.equal(clusterSpec(undefined, { region: "us-east-1" }).spec.region, "us-east-1");
  });

  test("an unquoted version keeps its trailing zero", () => {
    assert.equal(clusterSpec(parseClusterFile(`${HEAD}metadata: { version: 1.30 }\n`, "c"), {}).spec.version, "1.30");
  });

  for (const { rule, selectors, want } of [
    {
      rule: "neither selected",
      selectors: "[{ namespace: apps }]",
      want: [{ namespace: "kube-system", labels: { "k8s-app": "kube-dns" } }, { namespace: "karpenter" }],
    },
    { rule: "kube-system selected", selectors: "[{ namespace: kube-system }]", want: [{ namespace: "karpenter" }] },
    {
      rule: "kube-system selected by CoreDNS's label",
      selectors: "[{ namespace: kube-system, labels: { k8s-app: kube-dns } }, { namespace: karpenter }]",
      want: undefined,
    },
    {
      rule: "kube-system selected for something else",
      selectors: "[{ namespace: kube-system, labels: { app: other } }, { namespace: karpenter }]",
      want: [{ namespace: "kube-system", labels: { "k8s-app": "kube-dns" } }],
    },
    { rule: "both selected by a wildcard", selectors: '[{ namespace: "k*" }]', want: undefined },
  ]) {
    test(`nodeless-system takes exactly the homeless system pods: ${rule}`, () => {
      const { spec, notices } = clusterSpec(
        parseClusterFile(`${HEAD}fargateProfiles: [{ name: own, selectors: ${selectors} }]\n`, "c"),
        {},
      );
      const added = spec.fargateProfiles.find(({ name }) => name === "nodeless-system");
      assert.deepEqual(added?.selectors, want);
      assert.equal(notices.length, want === undefined ? 0 : 1);
    });
  }

  test("pools of both generations are told from workloads", () => {
    const text = ["NodePool", "EC2NodeClass", "Provisioner", "AWSNodeTemplate", "Deployment"]
      .map((kind) => `apiVersion: x/v1\nkind: ${kind}\nmetadata: { name: a }\n`)
      .join("---\n");
    const { spec } = clusterSpec(parseClusterFile(text, "c"), {});
    assert.equal(spec.pools.length, 4);
    assert.deepEqual(
      spec.workloads.map(({ object, line }) => [object.kind, line]),
      [["Deployment", 17]],
    );
  });
});
