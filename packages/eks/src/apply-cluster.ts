import type { ClusterSpec } from "./spec/cluster-spec.ts";
import { accessEntriesStep } from "./steps/access-entries.ts";
import { addonStep } from "./steps/addons.ts";
import { controlPlaneStep } from "./steps/control-plane.ts";
import { fargateProfileStep } from "./steps/fargate-profiles.ts";
import { identityStep } from "./steps/identity.ts";
import { poolsStep, workloadsStep } from "./steps/manifests.ts";
import { networkStep } from "./steps/network.ts";
import { oidcProviderStep } from "./steps/oidc-provider.ts";
import { provisionerIdentityStep, provisionerStep } from "./steps/provisioner.ts";
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

/** The steps of a cluster, in the order of eks-bootstrap §4.7. */
export function clusterSteps(spec: ClusterSpec, options: { readonly consolidateAfter: string }): readonly Step[] {
  return [
    identityStep,
    rolesStep,
    networkStep,
    controlPlaneStep,
    accessEntriesStep,
    oidcProviderStep,
    ...spec.fargateProfiles.map(fargateProfileStep),
    ...spec.addons.map(addonStep),
    provisionerIdentityStep,
    provisionerStep,
    poolsStep(options.consolidateAfter),
    ...(spec.workloads.length > 0 ? [workloadsStep] : []),
  ];
}

/**
 * Builds the cluster, or continues building it: every step observes first, so running it again after any failure or crash is
 * the way to resume. Throws StepFailedError naming the step.
 */
export async function applyCluster(options: ApplyOptions): Promise<Facts> {
  const facts: Facts = {};
  const context: StepContext = { ...options, facts };
  for (const step of clusterSteps(options.spec, options)) {
    options.signal.throwIfAborted();
    options.onEvent({ kind: "started", step });
    const started = options.clock.monotonicMs();
    let outcome: StepOutcome;
    try {
      outcome = await step.run(context);
    } catch (cause) {
      options.signal.throwIfAborted();
      throw new StepFailedError(step, cause);
    }
    options.onEvent({ kind: "finished", step, outcome, elapsedMs: options.clock.monotonicMs() - started });
  }
  return facts;
}
