import { podRequests } from "@nodeless/api";
import { podKeyOf } from "@nodeless/scheduling";
import type { PlanTotals } from "../contract.ts";
import type { PlanOutcome } from "../plan/plan-cluster.ts";
import { HOURS_PER_MONTH } from "../plan/plan-document.ts";
import { quantitiesOf } from "../plan/quantities.ts";
import { type Workload, workloadOf } from "../plan/workloads.ts";
import { requestText } from "../report/amounts.ts";
import { podGroups } from "../report/pod-groups.ts";

/** What a change of the manifests costs. Documented in docs/plan-format.md; fields are only ever added. */
export interface PlanDiff {
  readonly apiVersion: "nodeless.dev/v1alpha1";
  readonly kind: "PlanDiff";
  readonly before: PlanTotals;
  readonly after: PlanTotals;
  readonly usdPerHourChange: number;
  /** 730 hours. */
  readonly usdPerMonthChange: number;
  /** Relative to before; null when that cost nothing. */
  readonly changeRatio: number | null;
  /** Every workload of either side, sorted by namespace, kind and name. */
  readonly workloads: readonly WorkloadChange[];
}

export interface WorkloadChange {
  readonly namespace: string;
  /** `Deployment/web` */
  readonly workload: string;
  /** `changed`: its own manifest says something else. `shared`: only its share of the nodes' price moved. */
  readonly change: "added" | "removed" | "changed" | "shared" | "unchanged";
  readonly before?: WorkloadState;
  readonly after?: WorkloadState;
  readonly usdPerHourChange: number;
}

/** A workload on one side. */
export interface WorkloadState {
  readonly pods: number;
  readonly unplacedPods: number;
  /** What each pod asks for, such as `500m 512Mi`; several when pods differ. */
  readonly requests: readonly string[];
  /** `EC2`, `Fargate 0.25vCPU 0.5GB`, or nothing when no pod is placed. */
  readonly runsOn: readonly string[];
  /** Fargate's price, and the share of the nodes its pods stand on. */
  readonly usdPerHour: number;
  /** True when some part of the price is not a published one. */
  readonly priceIsEstimate: boolean;
}

/** Below half a thousandth of a cent a month nothing has changed. */
const CHANGE_MIN_USD_PER_HOUR = 1e-8;

/** Compares two plans, workload by workload. Pure. */
export function planDiff(before: PlanOutcome, after: PlanOutcome): PlanDiff {
  const old = workloadStates(before);
  const fresh = workloadStates(after);
  const ids = new Map([...old, ...fresh].map(([id, { workload }]) => [id, workload]));
  const workloads = [...ids].map(([id, workload]) =>
    workloadChange(workload, old.get(id)?.state, fresh.get(id)?.state),
  );
  const usdPerHourChange = after.document.totals.usdPerHour - before.document.totals.usdPerHour;
  const base = before.document.totals.usdPerHour;
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "PlanDiff",
    before: before.document.totals,
    after: after.document.totals,
    usdPerHourChange,
    usdPerMonthChange: usdPerHourChange * HOURS_PER_MONTH,
    changeRatio: base > 0 ? usdPerHourChange / base : null,
    workloads: workloads.sort(byPlace),
  };
}

interface Placed {
  readonly workload: Workload;
  readonly state: WorkloadState;
}

function workloadStates(outcome: PlanOutcome): ReadonlyMap<string, Placed> {
  const states = new Map<string, { readonly workload: Workload; readonly draft: Draft }>();
  const draftOf = (workload: Workload): Draft => {
    const id = JSON.stringify([workload.namespace, workload.kindAndName]);
    const known = states.get(id);
    if (known !== undefined) return known.draft;
    const draft: Draft = {
      pods: 0,
      unplacedPods: 0,
      requests: new Set(),
      runsOn: new Set(),
      usdPerHour: 0,
      priceIsEstimate: false,
    };
    states.set(id, { workload, draft });
    return draft;
  };
  for (const { workload, pods, requested, target, usdPerHour, priceIsEstimate } of podGroups(outcome)) {
    const draft = draftOf(workload);
    draft.pods += pods.length;
    draft.requests.add(requestText(requested));
    draft.runsOn.add(target.kind === "ec2" ? "EC2" : `Fargate ${target.vcpu}vCPU ${target.memoryGb}GB`);
    draft.usdPerHour += usdPerHour;
    draft.priceIsEstimate ||= priceIsEstimate;
  }
  for (const { pod } of outcome.refused) {
    const draft = draftOf(workloadOf(outcome.input, podKeyOf(pod)));
    draft.pods += 1;
    draft.unplacedPods += 1;
    draft.requests.add(requestText(quantitiesOf(podRequests(pod.spec))));
  }
  return new Map(
    [...states].map(([id, { workload, draft }]) => [
      id,
      { workload, state: { ...draft, requests: [...draft.requests].sort(), runsOn: [...draft.runsOn].sort() } },
    ]),
  );
}

interface Draft {
  pods: number;
  unplacedPods: number;
  readonly requests: Set<string>;
  readonly runsOn: Set<string>;
  usdPerHour: number;
  priceIsEstimate: boolean;
}

function workloadChange(
  { namespace, kindAndName }: Workload,
  before: WorkloadState | undefined,
  after: WorkloadState | undefined,
): WorkloadChange {
  const usdPerHourChange = (after?.usdPerHour ?? 0) - (before?.usdPerHour ?? 0);
  return {
    namespace,
    workload: kindAndName,
    change: kindOfChange(before, after, usdPerHourChange),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    usdPerHourChange,
  };
}

function kindOfChange(
  before: WorkloadState | undefined,
  after: WorkloadState | undefined,
  usdPerHourChange: number,
): WorkloadChange["change"] {
  if (before === undefined) return "added";
  if (after === undefined) return "removed";
  const facts = ({ pods, unplacedPods, requests, runsOn }: WorkloadState): string =>
    JSON.stringify([pods, unplacedPods, requests, runsOn]);
  if (facts(before) !== facts(after)) return "changed";
  return Math.abs(usdPerHourChange) > CHANGE_MIN_USD_PER_HOUR ? "shared" : "unchanged";
}

function byPlace(a: WorkloadChange, b: WorkloadChange): number {
  const left = `${a.namespace}\n${a.workload}`;
  const right = `${b.namespace}\n${b.workload}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
