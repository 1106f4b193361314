import assert from "node:assert/strict";
import { test } from "node:test";
import type { JoinSettings } from "../src/user-data/join-settings.ts";
import { formatMime, parseMime } from "../src/user-data/mime.ts";
import { userDataFor } from "../src/user-data/user-data.ts";

const SETTINGS: JoinSettings = {
  cluster: {
    name: "demo",
    endpoint: "https://127.0.0.1:6443",
    caBundle: "Q0E=",
    version: "1.35",
    serviceCidr: "172.20.0.0/16",
  },
  labels: { "karpenter.sh/nodepool": "default", app: "web" },
  taints: [
    { key: "karpenter.sh/unregistered", effect: "NoExecute" },
    { key: "team", value: "a", effect: "NoSchedule" },
  ],
  kubelet: undefined,
  instanceStorePolicy: undefined,
  custom: undefined,
};

const nodeConfigs = (text: string): unknown[] =>
  (parseMime(text) ?? [])
    .filter((part) => part.contentType === "application/node.eks.aws")
    .map((part) => JSON.parse(part.body) as unknown);

test("AL2023: a NodeConfig with cluster, DNS, taints and labels", () => {
  assert.deepEqual(nodeConfigs(userDataFor("AL2023", SETTINGS)), [
    {
      apiVersion: "node.eks.aws/v1alpha1",
      kind: "NodeConfig",
      spec: {
        cluster: {
          name: "demo",
          apiServerEndpoint: "https://127.0.0.1:6443",
          certificateAuthority: "Q0E=",
          cidr: "172.20.0.0/16",
        },
        kubelet: {
          config: { clusterDNS: ["172.20.0.10"], registerWithTaints: SETTINGS.taints },
          flags: ["--node-labels=app=web,karpenter.sh/nodepool=default"],
        },
      },
    },
  ]);
});

test("AL2023: the user's script and NodeConfig parts come first, in order", () => {
  const custom = formatMime([
    { contentType: "text/x-shellscript", body: "#!/bin/sh\necho one" },
    { contentType: "application/node.eks.aws", body: '{"kind":"NodeConfig"}' },
  ]);
  const types = parseMime(userDataFor("AL2023", { ...SETTINGS, custom }))?.map((part) => part.contentType);
  assert.deepEqual(types, ["text/x-shellscript", "application/node.eks.aws", "application/node.eks.aws"]);
  const script = parseMime(userDataFor("AL2023", { ...SETTINGS, custom: "#!/bin/sh\necho two" }));
  assert.equal(script?.[0]?.body, "#!/bin/sh\necho two");
});

test("AL2023: kubelet settings and RAID0 are in the NodeConfig", () => {
  const settings: JoinSettings = {
    ...SETTINGS,
    kubelet: { maxPods: 20, clusterDNS: ["10.0.0.10"] },
    instanceStorePolicy: "RAID0",
  };
  const [document] = nodeConfigs(userDataFor("AL2023", settings)) as [
    { spec: { instance: unknown; kubelet: { config: { maxPods: number; clusterDNS: string[] } } } },
  ];
  assert.deepEqual(document.spec.instance, { localStorage: { strategy: "RAID0" } });
  assert.deepEqual(
    [document.spec.kubelet.config.maxPods, document.spec.kubelet.config.clusterDNS],
    [20, ["10.0.0.10"]],
  );
});

test("AL2: one call of the bootstrap script with quoted arguments", () => {
  const [part] =
    parseMime(
      userDataFor("AL2", { ...SETTINGS, kubelet: { maxPods: 20, evictionHard: { "memory.available": "5%" } } }),
    ) ?? [];
  assert.equal(
    part?.body.split("\n").slice(2).join("\n"),
    [
      "/etc/eks/bootstrap.sh 'demo' \\",
      "  --apiserver-endpoint 'https://127.0.0.1:6443' \\",
      "  --b64-cluster-ca 'Q0E=' \\",
      "  --dns-cluster-ip '172.20.0.10' \\",
      "  --use-max-pods false \\",
      `  --kubelet-extra-args '--node-labels="app=web,karpenter.sh/nodepool=default" --register-with-taints="karpenter.sh/unregistered:NoExecute,team=a:NoSchedule" --max-pods=20 --eviction-hard="memory.available<5%"'`,
    ].join("\n"),
  );
});

test("Bottlerocket: our settings over the user's, which are otherwise kept as written", () => {
  const custom = [
    "[settings.kubernetes]",
    'cluster-name = "other"',
    "allowed-unsafe-sysctls = [",
    '  "net.core.somaxconn",',
    "]",
    "",
    "[settings.host-containers.admin]",
    "enabled = true",
  ].join("\n");
  assert.equal(
    userDataFor("Bottlerocket", { ...SETTINGS, custom, kubelet: { maxPods: 20 } }),
    [
      "[settings.kubernetes]",
      'cluster-name = "demo"',
      "allowed-unsafe-sysctls = [",
      '  "net.core.somaxconn",',
      "]",
      'api-server = "https://127.0.0.1:6443"',
      'cluster-certificate = "Q0E="',
      'cluster-dns-ip = "172.20.0.10"',
      "max-pods = 20",
      "",
      "[settings.host-containers.admin]",
      "enabled = true",
      "",
      "[settings.kubernetes.node-labels]",
      'app = "web"',
      '"karpenter.sh/nodepool" = "default"',
      "",
      "[settings.kubernetes.node-taints]",
      '"karpenter.sh/unregistered" = [":NoExecute"]',
      'team = ["a:NoSchedule"]',
      "",
    ].join("\n"),
  );
});

test("Custom: verbatim, or nothing", () => {
  assert.equal(userDataFor("Custom", { ...SETTINGS, custom: "mine" }), "mine");
  assert.equal(userDataFor("Custom", SETTINGS), "");
});

test("Windows: PowerShell around the bootstrap script", () => {
  const text = userDataFor("Windows2022", { ...SETTINGS, custom: "<powershell>\nWrite-Host hi\n</powershell>" });
  assert.match(text, /^<powershell>\nWrite-Host hi\n/);
  assert.match(text, /-EKSClusterName 'demo' .*-KubeletExtraArgs '--node-labels=app=web,/);
});

test("equal settings give equal user data, whatever the order of labels", () => {
  const turned = { ...SETTINGS, labels: { app: "web", "karpenter.sh/nodepool": "default" } };
  for (const family of ["AL2023", "AL2", "Bottlerocket", "Windows2025"])
    assert.equal(userDataFor(family, turned), userDataFor(family, SETTINGS));
});
