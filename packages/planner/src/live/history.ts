import type { Event, NodeClaim, Pod } from "@nodeless/api";
import type { LiveObjects } from "./live-objects.ts";

/** What happened, and when. */
export interface Happening {
  readonly at: string;
  readonly what: string;
}

/** What a kubelet says while it starts containers explains no placement. */
const UNTOLD: ReadonlySet<string> = new Set([
  "Pulling",
  "Pulled",
  "Created",
  "Started",
  "Killing",
  "LoggingDisabled",
  "BackOff",
]);
const SHOWN_MAX = 20;

/** What the cluster said about a pod and the claim of its node, in order; of an event that repeats, the last time. */
export function historyOf(
  { events }: Pick<LiveObjects, "events">,
  { pod, claim }: { readonly pod?: Pod; readonly claim?: NodeClaim | undefined },
): readonly Happening[] {
  const own = [pod, claim].flatMap((object) =>
    object === undefined ? [] : events.filter((event) => isAbout(event, object)).map(happeningOf),
  );
  const told = [...created(pod), ...waiting(pod, own), ...own.flatMap((one) => one ?? []), ...milestones(claim)];
  return told
    .sort((a, b) => secondOf(a) - secondOf(b) || rank(a) - rank(b))
    .slice(-SHOWN_MAX)
    .map(({ at, what }) => ({ at, what }));
}

const secondOf = ({ at }: Happening): number => Math.floor(Date.parse(at) / 1000);

/** Much happens within one second, and times are not finer: then this is the order in which one leads to the other. */
const STEPS: readonly RegExp[] = [
  /^pod created/,
  /^FailedScheduling/,
  /^NodeClaim \S+ created/,
  /^Nominated/,
  /^NodeClaim \S+: .*Launched/,
  /^NodeClaim \S+: .*Registered/,
  /^NodeClaim \S+: .*Initialized/,
  /^Scheduled/,
];

function rank({ what }: Happening): number {
  const step = STEPS.findIndex((pattern) => pattern.test(what));
  return step < 0 ? STEPS.length : step;
}

function isAbout({ involvedObject, reason = "" }: Event, { kind, metadata }: Pod | NodeClaim): boolean {
  return (
    involvedObject.kind === kind &&
    involvedObject.name === metadata.name &&
    (involvedObject.namespace ?? "") === (metadata.namespace ?? "") &&
    (involvedObject.uid === undefined || involvedObject.uid === metadata.uid) &&
    !UNTOLD.has(reason)
  );
}

function happeningOf(event: Event): Happening | undefined {
  const at = event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp;
  if (at === undefined) return undefined;
  const who = event.reportingComponent || event.source?.component || "";
  const times = event.series?.count ?? event.count ?? 1;
  const repeated = times > 1 ? ` (${times} times)` : "";
  return { at, what: `${event.reason ?? ""}${who === "" ? "" : ` by ${who}`}${repeated}: ${event.message ?? ""}` };
}

function created(pod: Pod | undefined): readonly Happening[] {
  if (pod === undefined) return [];
  const owner = (pod.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
  const by = owner === undefined ? "" : ` by ${owner.kind} ${owner.name}`;
  return [{ at: pod.metadata.creationTimestamp, what: `pod created${by}` }];
}

/** Events are forgotten after a while; the condition stays. */
function waiting(pod: Pod | undefined, events: readonly (Happening | undefined)[]): readonly Happening[] {
  const condition = (pod?.status?.conditions ?? []).find(({ type }) => type === "PodScheduled");
  const { status, reason = "", message = "", lastTransitionTime } = condition ?? {};
  if (status !== "False" || lastTransitionTime === undefined) return [];
  if (events.some((event) => event?.what.endsWith(message) === true)) return [];
  return [{ at: lastTransitionTime, what: `not scheduled, ${reason}: ${message}` }];
}

const MILESTONES: ReadonlySet<string> = new Set(["Launched", "Registered", "Initialized"]);

/** A condition tells the last change only: what is not true yet says what is waited for. */
function milestones(claim: NodeClaim | undefined): readonly Happening[] {
  if (claim === undefined) return [];
  const { name, creationTimestamp } = claim.metadata;
  const pool = claim.metadata.ownerReferences?.find(({ kind }) => kind === "NodePool" || kind === "Provisioner");
  const made = {
    at: creationTimestamp,
    what: `NodeClaim ${name} created${pool === undefined ? "" : ` for ${pool.kind} ${pool.name}`}`,
  };
  const reached = (claim.status?.conditions ?? [])
    .filter(({ type, lastTransitionTime }) => MILESTONES.has(type) && lastTransitionTime !== undefined)
    .map(({ type, status, message, lastTransitionTime }) => ({
      at: lastTransitionTime,
      what:
        status === "True"
          ? `NodeClaim ${name}: ${type}`
          : `NodeClaim ${name}: not ${type} yet${message === "" ? "" : `: ${message}`}`,
    }));
  return [made, ...reached];
}
