import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateAccessEntryCommand,
  CreateFargateProfileCommand,
  DeleteAccessEntryCommand,
  DescribeClusterCommand,
  DescribeFargateProfileCommand,
  EKSClient,
  ListAccessEntriesCommand,
} from "@aws-sdk/client-eks";
import type { Event, Pod } from "@nodeless/api";
import { kubectlPath } from "../support/kubectl.ts";
import { dispose, type Items, newHome, type RunningNodeless, runNodeless, startNodeless } from "../support/nodeless.ts";

const DAEMON_SET = `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent, namespace: kube-system }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      tolerations: [{ operator: Exists }]
      containers: [{ name: agent, image: agent }]
`;

const HUGE = `apiVersion: v1
kind: Pod
metadata: { name: huge }
spec:
  containers: [{ name: main, image: nginx, resources: { requests: { cpu: "500" } } }]
`;

const PRIVILEGED = `apiVersion: v1
kind: Pod
metadata: { name: privileged, namespace: kube-system }
spec:
  containers: [{ name: main, image: nginx, securityContext: { privileged: true }, ports: [{ containerPort: 80, hostPort: 80 }] }]
`;

describe("what is refused says why and what to do", { skip: (await kubectlPath()) === undefined }, () => {
  let nodeless: RunningNodeless;
  let eks: EKSClient;
  let ec2: EC2Client;
  before(async () => {
    nodeless = await startNodeless();
    eks = new EKSClient(nodeless.awsConfig);
    ec2 = new EC2Client(nodeless.awsConfig);
  });
  after(async () => {
    eks.destroy();
    ec2.destroy();
    await dispose(nodeless);
  });

  const eventOf = (namespace: string, pod: string, source: string): Promise<Event> =>
    nodeless.eventually(`an event of ${source} about ${pod}`, async () => {
      const { items } = await nodeless.json<Items<Event>>(
        `get events -n ${namespace} --field-selector=involvedObject.name=${pod},reason=FailedScheduling`,
      );
      return items.find((event) => (event.source?.component ?? event.reportingComponent) === source);
    });

  const profile = async (name: string, changes: object = {}): Promise<unknown> => {
    const role = (
      await eks.send(new DescribeFargateProfileCommand({ clusterName: "e2e", fargateProfileName: "kube-system" }))
    ).fargateProfile?.podExecutionRoleArn;
    return eks.send(
      new CreateFargateProfileCommand({
        clusterName: "e2e",
        fargateProfileName: name,
        podExecutionRoleArn: role,
        selectors: [{ namespace: name }],
        ...changes,
      }),
    );
  };

  test("a pod too large for every type stays pending, with the numbers", async () => {
    await nodeless.ok("apply -f -", HUGE);
    const event = await eventOf("default", "huge", "karpenter");
    assert.match(event.message ?? "", /500/);
    assert.match(event.message ?? "", /NodePool|nodepool/);
    assert.equal((await nodeless.json<Pod>("get pod huge")).status?.phase, "Pending");
    assert.equal((await nodeless.json<Items<unknown>>("get nodeclaims")).items.length, 0);
  });

  test("a privileged pod with a host port in a Fargate namespace gets the documented event", async () => {
    await nodeless.ok("apply -f -", PRIVILEGED);
    const event = await eventOf("kube-system", "privileged", "fargate-scheduler");
    assert.match(
      event.message ?? "",
      /^Pod not supported on Fargate: .*fields not supported: port contains HostIP or HostPort/,
    );
    assert.match(event.message ?? "", /invalid SecurityContext fields: Privileged/);
  });

  test("a DaemonSet in a Fargate namespace is not mutated and does not run on Fargate nodes", async () => {
    await nodeless.ok("apply -f -", DAEMON_SET);
    const pods = await nodeless.eventually("DaemonSet pods exist", async () => {
      const { items } = await nodeless.json<Items<Pod>>("get pods -n kube-system -l app=agent");
      return items.length >= 4 && items;
    });
    assert.ok(
      pods.every(({ spec, status }) => spec.schedulerName === "default-scheduler" && status?.phase === "Pending"),
    );
    const event = await eventOf("kube-system", pods[0]?.metadata.name ?? "", "default-scheduler");
    assert.match(event.message ?? "", /nodes are available: .*Too many pods/);
    await nodeless.ok("delete daemonset agent -n kube-system");
  });

  test("an instance whose role has no access entry does not join until it has one", async () => {
    const principalArn =
      ((await eks.send(new ListAccessEntriesCommand({ clusterName: "e2e" }))).accessEntries ?? []).find((arn) =>
        arn.includes("KarpenterNodeRole"),
      ) ?? "";
    await eks.send(new DeleteAccessEntryCommand({ clusterName: "e2e", principalArn }));
    await nodeless.ok("run locked-out --image=nginx");
    await nodeless.eventually("the instance runs and knocks in vain", async () => {
      const claims =
        await nodeless.json<Items<{ status?: { conditions?: { type: string; status: string; reason: string }[] } }>>(
          "get nodeclaims",
        );
      return claims.items.some(({ status }) =>
        status?.conditions?.some(({ type, reason }) => type === "Registered" && reason === "NodeNotFound"),
      );
    });
    assert.equal((await nodeless.json<Items<unknown>>("get nodes")).items.length, 4);
    await eks.send(new CreateAccessEntryCommand({ clusterName: "e2e", principalArn, type: "EC2_LINUX" }));
    await nodeless.ok("wait pod/locked-out --for=condition=Ready --timeout=30s");
    await nodeless.ok("delete pod locked-out");
  });

  test("a profile in a public subnet is refused by EKS", async () => {
    const subnetIds =
      (await eks.send(new DescribeClusterCommand({ name: "e2e" }))).cluster?.resourcesVpcConfig?.subnetIds ?? [];
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: subnetIds }));
    const open = Subnets?.find(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch === true)?.SubnetId ?? "";
    await assert.rejects(profile("open", { subnets: [open] }), {
      name: "InvalidParameterException",
      message: `Subnet ${open} provided in Fargate Profile is not a private subnet`,
    });
  });

  test("a second profile while one is CREATING is refused by EKS, and the command waits for its turn", async () => {
    // At once: on a busy machine the first may be ACTIVE before another request arrives.
    const names = ["first", "second"];
    const answers = await Promise.allSettled(names.map((name) => profile(name)));
    const refusals = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as Error] : []));
    assert.deepEqual(
      refusals.map(({ name }) => name),
      ["ResourceInUseException"],
    );
    const [refused, other] = answers[0]?.status === "rejected" ? names : [...names].reverse();
    const expected = `${refused} because cluster e2e currently has Fargate profile ${other} in status CREATING`;
    assert.ok(refusals[0]?.message.includes(expected), refusals[0]?.message);
    const created = await nodeless.nodeless(
      `create fargateprofile --cluster e2e --local e2e --name ${refused} --namespace ${refused}`,
    );
    assert.equal(created.exitCode, 0, created.stderr);
  });
});

for (const { rule, file, message } of [
  {
    rule: "a misspelt field names the line and the likely field",
    file: "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: demo\nfargateProfiles:\n  - name: apps\n    selector:\n      - namespace: apps\n",
    message: /cluster\.yaml:7: fargateProfiles\[0\]\.selector: unknown field; did you mean "selectors"\?/,
  },
  {
    rule: "a node group is refused with what to do instead",
    file: "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: demo\nmanagedNodeGroups:\n  - name: ng\n",
    message: /cluster\.yaml:6: managedNodeGroups: nodeless has no node groups/,
  },
  {
    rule: "lost indentation is recognized as bad YAML",
    file: "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\nname: demo\n  region: x\n",
    message: /cluster\.yaml:\d+: not valid YAML/,
  },
]) {
  test(rule, async () => {
    const home = await newHome();
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${home}/cluster.yaml`, file);
    const { exitCode, stderr } = await runNodeless(home, ["up", "-f", `${home}/cluster.yaml`]);
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
    await rm(home, { recursive: true });
  });
}
