import type { ClusterSpec } from "./spec/cluster-spec.ts";
import { accessEntriesStep } from "./steps/access-entries.ts";
import { addonStep } from "./steps/addons.ts";
import { controlPlaneStep } from "./steps/control-plane.ts";
import { fargateProfileStep } from "./steps/fargate-profiles.ts";
import { identityStep } from "./steps/identity.ts";
import { poolsStep, workloadsStep } from "./steps/manifests.ts";
import { networkStep } from "./steps/network.ts";
import { oidcProviderStep } from "./steps/oidc-provider.ts";
import { provisionerApiStep, provisionerIdentityStep, provisionerStep } from "./steps/provisioner.ts";
import { rolesStep } from "./steps/roles.ts";
import { type Facts, type Step, type StepContext, StepFailedError, type StepOutcome } from "./steps/step.ts";

/** A line of progress. */
export type StepEvent =
  | { readonly kind: "started"; readonly step: Step }
  | { readonly kind: "finished"; readonly step: Step; readonly outcome: StepOutcome; readonly elapsedMs: number };

export interface ApplyOptions extends Omit<StepContext, "facts"> {
  readonly onEvent: (event: StepEvent) => void;
  /** Of the default pool; a Go duration. */
  readonly consolidateAfter: string;
}

/** A step, and the steps that have to be through before it. */
interface PlannedStep {
  readonly step: Step;
  readonly after: readonly Step[];
}

/** They run as DaemonSets on nodes only: no Fargate profile has to be there first. */
const NODE_ADDONS: ReadonlySet<string> = new Set(["vpc-cni", "kube-proxy", "eks-pod-identity-agent"]);

/** The steps of a cluster, in the order of eks-bootstrap §4.7; what does not need each other goes side by side. */
function plannedSteps(spec: ClusterSpec, consolidateAfter: string): readonly PlannedStep[] {
  const profiles = spec.fargateProfiles.map(fargateProfileStep);
  // A pod that comes before its profile stays without a node for good.
  const podsMayCome = [controlPlaneStep, ...profiles];
  const pools = poolsStep(consolidateAfter);
  return [
    { step: identityStep, after: [] },
    { step: rolesStep, after: [identityStep] },
    { step: networkStep, after: [identityStep] },
    { step: controlPlaneStep, after: [rolesStep, networkStep] },
    // EKS creates profiles one at a time.
    ...profiles.map((step, index) => ({ step, after: [profiles[index - 1] ?? controlPlaneStep] })),
    { step: accessEntriesStep, after: [controlPlaneStep] },
    { step: oidcProviderStep, after: [controlPlaneStep] },
    ...spec.addons.map((addon) => ({
      step: addonStep(addon),
      after: NODE_ADDONS.has(addon.name) ? [controlPlaneStep] : podsMayCome,
    })),
    { step: provisionerIdentityStep, after: [oidcProviderStep] },
    { step: provisionerApiStep, after: [controlPlaneStep] },
    { step: pools, after: [provisionerApiStep] },
    { step: provisionerStep, after: [provisionerApiStep, provisionerIdentityStep, accessEntriesStep, ...podsMayCome] },
    ...(spec.workloads.length > 0 ? [{ step: workloadsStep, after: [pools, provisionerStep] }] : []),
  ];
}

/**
 * Builds the cluster, or continues building it: every step observes first, so running it again after any failure or crash is
 * the way to resume. Throws StepFailedError naming the first step that failed; nothing runs any more then.
 */
export async function applyCluster(options: ApplyOptions): Promise<Facts> {
  const facts: Facts = {};
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const context: StepContext = { ...options, signal, facts };
  const running = new Map<Step, Promise<void>>();
  for (const { step, after } of plannedSteps(options.spec, options.consolidateAfter)) {
    const ready = Promise.all(after.map((before) => running.get(before)));
    const ran = ready.then(() => runStep(step, context, options.onEvent));
    ran.catch((error: unknown) => failed.abort(error));
    running.set(step, ran);
  }
  await Promise.allSettled(running.values());
  options.signal.throwIfAborted();
  failed.signal.throwIfAborted();
  return facts;
}

async function runStep(step: Step, context: StepContext, onEvent: ApplyOptions["onEvent"]): Promise<void> {
  const { signal, clock } = context;
  signal.throwIfAborted();
  onEvent({ kind: "started", step });
  const started = clock.monotonicMs();
  let outcome: StepOutcome;
  try {
    outcome = await step.run(context);
  } catch (cause) {
    signal.throwIfAborted();
    throw new StepFailedError(step, cause);
  }
  onEvent({ kind: "finished", step, outcome, elapsedMs: clock.monotonicMs() - started });
}
