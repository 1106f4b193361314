import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUserData } from "../src/machines/user-data.ts";

const NODE_CONFIG = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/bash
echo hello
--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: demo
    apiServerEndpoint: https://127.0.0.1:6443
    certificateAuthority: Zm9v
    cidr: 10.100.0.0/16
  kubelet:
    config:
      maxPods: 29
      registerWithTaints:
        - key: karpenter.sh/unregistered
          effect: NoExecute
    flags:
      - --node-labels="karpenter.sh/nodepool=default,karpenter.sh/capacity-type=spot"
--//--
`;

for (const { rule, userData, want } of [
  {
    rule: "AL2023: NodeConfig in a MIME part",
    userData: NODE_CONFIG,
    want: {
      clusterName: "demo",
      apiServerEndpoint: "https://127.0.0.1:6443",
      labels: { "karpenter.sh/nodepool": "default", "karpenter.sh/capacity-type": "spot" },
      taints: [{ key: "karpenter.sh/unregistered", effect: "NoExecute" }],
      maxPods: 29,
    },
  },
  {
    rule: "AL2: bootstrap.sh with continued lines and kubelet arguments",
    userData:
      "#!/bin/bash -xe\n/etc/eks/bootstrap.sh 'demo' --apiserver-endpoint 'https://127.0.0.1:6443' --b64-cluster-ca 'Zm9v' \\\n--use-max-pods false \\\n--kubelet-extra-args '--node-labels=a=b,c=d --register-with-taints=dedicated=gpu:NoSchedule,karpenter.sh/unregistered:NoExecute --max-pods=110'\n",
    want: {
      clusterName: "demo",
      apiServerEndpoint: "https://127.0.0.1:6443",
      labels: { a: "b", c: "d" },
      taints: [
        { key: "dedicated", effect: "NoSchedule", value: "gpu" },
        { key: "karpenter.sh/unregistered", effect: "NoExecute" },
      ],
      maxPods: 110,
    },
  },
  {
    rule: "Bottlerocket: TOML tables",
    userData:
      '[settings.kubernetes]\napi-server = "https://127.0.0.1:6443"\ncluster-name = "demo"\nmax-pods = 58\n[settings.kubernetes.node-labels]\n"karpenter.sh/nodepool" = "default"\n[settings.kubernetes.node-taints]\n"karpenter.sh/unregistered" = [":NoExecute"]\n',
    want: {
      clusterName: "demo",
      apiServerEndpoint: "https://127.0.0.1:6443",
      labels: { "karpenter.sh/nodepool": "default" },
      taints: [{ key: "karpenter.sh/unregistered", effect: "NoExecute" }],
      maxPods: 58,
    },
  },
  { rule: "a script that joins nothing", userData: "#!/bin/bash\necho hello\n", want: undefined },
  { rule: "broken YAML joins nothing", userData: "kind: NodeConfig\n  spec: {", want: undefined },
  { rule: "nothing", userData: "", want: undefined },
]) {
  test(rule, () => assert.deepEqual(parseUserData(userData), want));
}
