import assert from "node:assert/strict";
import type { KubernetesObject } from "@nodeless/api";
import type { InstanceType } from "@nodeless/scheduling";
import { InstanceNotFoundError } from "../errors.ts";
import type { CloudProvider, LaunchRequest } from "../provider.ts";

/** An implementation under test, made fresh for every rule. */
export interface CloudConformanceSubject {
  readonly provider: CloudProvider;
  /** A node class object that can become ready. */
  readonly nodeClass: KubernetesObject;
  /** Lets the cloud finish what it has begun (boots, terminations). */
  readonly settle: () => Promise<void>;
}

/** One rule of the port. */
export interface CloudConformanceRule {
  readonly rule: string;
  readonly run: (subject: CloudConformanceSubject) => Promise<void>;
}

/** The rules every {@link CloudProvider} keeps. Run each as a test of its own, on a fresh subject. */
export function cloudProviderConformance(): readonly CloudConformanceRule[] {
  return [
    { rule: "a reconciled node class reports subnets, security groups, images and conditions", run: reportsNodeClass },
    { rule: "instance types have unique names, positive prices and more capacity than overhead", run: describesTypes },
    { rule: "a launch stays inside the requested types, zones and capacity types", run: launchesInside },
    { rule: "launching twice for one claim makes one instance", run: launchesOnce },
    { rule: "a launched instance is found by provider id and in the list, with the pool's tag", run: findsLaunched },
    { rule: "names given after registration become tags", run: tags },
    { rule: "a terminated instance leaves the list, and get and terminate then say not found", run: terminates },
    { rule: "an unknown instance is not found", run: refusesUnknown },
    { rule: "an aborted call rejects with the signal's reason and launches nothing", run: aborts },
    { rule: "a node class can be deleted twice", run: deletesNodeClass },
  ];
}

/** Tests decide about zones and capacity types themselves, so that the outcome can be checked. */
async function requestFor(
  { provider, nodeClass }: CloudConformanceSubject,
  claimUid: string,
): Promise<LaunchRequest & { readonly wanted: { readonly type: InstanceType; readonly zone: string } }> {
  await provider.reconcileNodeClass(nodeClass);
  const types = await provider.instanceTypes(nodeClass.metadata.name);
  const type = types.find(({ offerings }) => offerings.some(isOnDemand));
  const zone = type?.offerings.find(isOnDemand)?.zone;
  assert.ok(type !== undefined && zone !== undefined, "some type is offered on demand");
  const only = (key: string, value: string) => [key, { key, complement: false, values: new Set([value]) }] as const;
  return {
    claimUid,
    claimName: `conformance-${claimUid}`,
    nodePool: "conformance",
    nodeClass: nodeClass.metadata.name,
    requirements: new Map([only("topology.kubernetes.io/zone", zone), only("karpenter.sh/capacity-type", "on-demand")]),
    instanceTypes: [type],
    labels: { "karpenter.sh/nodepool": "conformance" },
    taints: [{ key: "karpenter.sh/unregistered", effect: "NoExecute" }],
    wanted: { type, zone },
  };
}

const isOnDemand = (offering: InstanceType["offerings"][number]): boolean =>
  offering.available && offering.capacityType === "on-demand";

async function reportsNodeClass({ provider, nodeClass }: CloudConformanceSubject): Promise<void> {
  const status = await provider.reconcileNodeClass(nodeClass);
  assert.ok(status.subnets.length > 0 && status.securityGroups.length > 0 && status.amis.length > 0);
  assert.ok(status.conditions.length > 0);
  assert.deepEqual(
    status.conditions.filter((condition) => condition.status !== "True"),
    [],
  );
}

async function describesTypes({ provider, nodeClass }: CloudConformanceSubject): Promise<void> {
  await provider.reconcileNodeClass(nodeClass);
  const types = await provider.instanceTypes(nodeClass.metadata.name);
  assert.ok(types.length > 0);
  assert.equal(new Set(types.map(({ name }) => name)).size, types.length);
  for (const { name, offerings, capacity, overhead, requirements } of types) {
    assert.ok(
      requirements.get("node.kubernetes.io/instance-type")?.values.has(name),
      `${name} carries its name as label`,
    );
    for (const { priceUsdPerHour } of offerings) assert.ok(priceUsdPerHour > 0, `${name} has a price`);
    for (const resource of ["cpu", "memory", "pods"])
      assert.ok((capacity.get(resource) ?? 0) > (overhead.get(resource) ?? 0), `${name} has ${resource} left for pods`);
  }
}

async function launchesInside(subject: CloudConformanceSubject): Promise<void> {
  const { wanted, ...request } = await requestFor(subject, "uid-inside");
  const instance = await subject.provider.launch(request);
  assert.deepEqual(
    [instance.instanceType, instance.zone, instance.capacityType],
    [wanted.type.name, wanted.zone, "on-demand"],
  );
  assert.equal(instance.providerId, `aws:///${instance.zone}/${instance.instanceId}`);
}

async function launchesOnce(subject: CloudConformanceSubject): Promise<void> {
  const { wanted: _, ...request } = await requestFor(subject, "uid-once");
  const first = await subject.provider.launch(request);
  const second = await subject.provider.launch(request);
  assert.equal(second.providerId, first.providerId);
  assert.equal((await subject.provider.list()).length, 1);
}

async function findsLaunched(subject: CloudConformanceSubject): Promise<void> {
  const { wanted: _, ...request } = await requestFor(subject, "uid-found");
  const { providerId } = await subject.provider.launch(request);
  await subject.settle();
  const found = await subject.provider.get(providerId);
  assert.equal(found.providerId, providerId);
  assert.equal(found.tags.get("karpenter.sh/nodepool"), "conformance");
  assert.deepEqual(
    (await subject.provider.list()).map((instance) => instance.providerId),
    [providerId],
  );
}

async function tags(subject: CloudConformanceSubject): Promise<void> {
  const { wanted: _, ...request } = await requestFor(subject, "uid-tags");
  const { providerId } = await subject.provider.launch(request);
  await subject.settle();
  await subject.provider.tagRegistered(providerId, { nodeName: "node-1", claimName: "claim-1" });
  const { tags: found } = await subject.provider.get(providerId);
  assert.deepEqual([found.get("Name"), found.get("karpenter.sh/nodeclaim")], ["node-1", "claim-1"]);
}

async function terminates(subject: CloudConformanceSubject): Promise<void> {
  const { wanted: _, ...request } = await requestFor(subject, "uid-end");
  const { provider, settle } = subject;
  const { providerId } = await provider.launch(request);
  await settle();
  await provider.terminate(providerId);
  await settle();
  assert.deepEqual(await provider.list(), []);
  await assert.rejects(provider.get(providerId), InstanceNotFoundError);
  await assert.rejects(provider.terminate(providerId), InstanceNotFoundError);
}

async function refusesUnknown({ provider }: CloudConformanceSubject): Promise<void> {
  const unknown = "aws:///zone-a/i-00000000000009999";
  await assert.rejects(provider.get(unknown), InstanceNotFoundError);
  await assert.rejects(provider.terminate(unknown), InstanceNotFoundError);
}

async function aborts(subject: CloudConformanceSubject): Promise<void> {
  const { wanted: _, ...request } = await requestFor(subject, "uid-abort");
  const reason = new Error("stopping");
  await assert.rejects(subject.provider.launch(request, AbortSignal.abort(reason)), reason);
  await subject.settle();
  assert.deepEqual(await subject.provider.list(), []);
}

async function deletesNodeClass({ provider, nodeClass }: CloudConformanceSubject): Promise<void> {
  await provider.reconcileNodeClass(nodeClass);
  await provider.deleteNodeClass(nodeClass);
  await provider.deleteNodeClass(nodeClass);
}
