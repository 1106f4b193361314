import type { BootInstance } from "../contract.ts";
import { resourceId } from "../state/resource-ids.ts";
import type { Ec2Core } from "./ec2-core.ts";
import type { InstanceRecord, InstanceState } from "./records.ts";
import { userDataText } from "./user-data.ts";

const RUNNING = "ec2.instance-running";
const BOOT = "ec2.instance-boot";
const TERMINATED = "ec2.instance-terminated";
const FORGOTTEN = "ec2.instance-forgotten";
const RECLAIMED = "ec2.spot-reclaimed";

/** EC2 gives a spot instance this long between the warning and the end. */
const SPOT_NOTICE_MS = 120_000;

/** Declares what time does to instances: pending → running → booted; shutting-down → terminated → forgotten. */
export function declareInstanceTransitions(core: Ec2Core): void {
  const { transitions } = core.state;
  transitions.on(RUNNING, (id) => {
    const instance = core.launchedInstances.get(id);
    if (instance?.state !== "pending") return;
    enterState(core, instance, "running");
    transitions.schedule({ kind: BOOT, id, afterMs: core.timings.instanceBootMs });
  });
  transitions.on(BOOT, (id) => {
    const instance = core.launchedInstances.get(id);
    if (instance?.state === "running") bootInstance(core, instance);
  });
  transitions.on(TERMINATED, (id) => {
    const instance = core.launchedInstances.get(id);
    if (instance?.state !== "shutting-down") return;
    core.addresses.release(instance.privateIp, instance.subnetId);
    enterState(core, instance, "terminated");
    transitions.schedule({ kind: FORGOTTEN, id, afterMs: core.timings.terminatedVisibleMs });
  });
  transitions.on(FORGOTTEN, (id) => {
    const instance = core.launchedInstances.get(id);
    if (instance !== undefined) forgetInstance(core, instance);
  });
  transitions.on(RECLAIMED, (id) => {
    const reason = {
      code: "Server.SpotInstanceTermination",
      message: "Server.SpotInstanceTermination: Spot instance termination",
    };
    terminateInstance(core, id, reason);
  });
}

/** Starts a new instance's life. */
export function beginInstance(core: Ec2Core, instance: InstanceRecord): void {
  core.launchedInstances.put(instance.id, instance);
  core.state.transitions.schedule({ kind: RUNNING, id: instance.id, afterMs: core.timings.instanceStartMs });
  publishState(core, instance);
}

/** Removes every trace of an instance. */
export function forgetInstance(core: Ec2Core, instance: InstanceRecord): void {
  for (const kind of [RUNNING, BOOT, RECLAIMED]) core.state.transitions.cancel(kind, instance.id);
  for (const id of [instance.id, instance.eniId, ...instance.volumes.map((volume) => volume.volumeId)])
    core.tags.drop(id);
  core.launchedInstances.delete(instance.id);
}

/** Takes an instance down. Returns the state before; no-op when it is already on its way. */
export function terminateInstance(
  core: Ec2Core,
  id: string,
  reason: InstanceRecord["stateReason"],
): InstanceState | undefined {
  const instance = core.launchedInstances.get(id);
  if (instance === undefined || instance.state === "shutting-down" || instance.state === "terminated")
    return instance?.state;
  const { transitions } = core.state;
  for (const kind of [RUNNING, BOOT, RECLAIMED]) transitions.cancel(kind, id);
  enterState(core, { ...instance, stateReason: reason, booted: false }, "shutting-down");
  transitions.schedule({ kind: TERMINATED, id, afterMs: core.timings.instanceStopMs });
  if (instance.booted) core.instances.shutDown(id);
  return instance.state;
}

/** Reclaims a spot instance: the warning now, the end two minutes later (or after `noticeMs`). False if it is no running spot instance. */
export function interruptSpotInstance(core: Ec2Core, id: string, noticeMs: number = SPOT_NOTICE_MS): boolean {
  const instance = core.launchedInstances.get(id);
  if (instance === undefined || instance.capacityType !== "spot") return false;
  if (instance.state !== "pending" && instance.state !== "running") return false;
  core.events.publish({
    source: "aws.ec2",
    detailType: "EC2 Spot Instance Interruption Warning",
    resources: [`arn:aws:ec2:${instance.zone}:instance/${id}`],
    detail: { "instance-id": id, "instance-action": "terminate" },
  });
  core.state.transitions.schedule({ kind: RECLAIMED, id, afterMs: noticeMs });
  return true;
}

/** Starts the machines that ran when the process ended; those still on their way are started by their transitions. */
export function resumeInstances(core: Ec2Core): void {
  for (const instance of [...core.launchedInstances.values()])
    if (instance.state === "running" && instance.booted) core.instances.boot(bootView(core, instance));
}

function bootInstance(core: Ec2Core, instance: InstanceRecord): void {
  const booted = core.launchedInstances.put(instance.id, { ...instance, booted: true });
  core.instances.boot(bootView(core, booted));
}

function bootView(core: Ec2Core, instance: InstanceRecord): BootInstance {
  const { id, instanceType, zone, privateIp, subnetId, capacityType, imageId, profileArn } = instance;
  return {
    instanceId: id,
    instanceType,
    region: core.region,
    zone,
    privateIp,
    privateDnsName: privateDnsName(core.region, privateIp),
    subnetId,
    userData: userDataText(instance.userData),
    capacityType,
    imageId,
    roleArn: profileArn === undefined ? undefined : core.roles.instanceProfile(profileArn)?.roleArn,
  };
}

/** The resource name of an address; us-east-1 keeps its older domain. */
export function privateDnsName(region: string, privateIp: string): string {
  const host = `ip-${privateIp.replaceAll(".", "-")}`;
  return region === "us-east-1" ? `${host}.ec2.internal` : `${host}.${region}.compute.internal`;
}

function enterState(core: Ec2Core, instance: InstanceRecord, state: InstanceState): void {
  const stateChangedAt = core.clock.now().toISOString();
  publishState(core, core.launchedInstances.put(instance.id, { ...instance, state, stateChangedAt }));
}

function publishState(core: Ec2Core, instance: InstanceRecord): void {
  core.events.publish({
    source: "aws.ec2",
    detailType: "EC2 Instance State-change Notification",
    resources: [`arn:aws:ec2:${core.region}:${core.accountId}:instance/${instance.id}`],
    detail: { "instance-id": instance.id, state: instance.state },
  });
}

export function newReservationId(core: Ec2Core): string {
  return resourceId(core.random, "r");
}
