import type { ControllerSettings, KubeletTimings } from "@nodeless/controlplane";
import type { FargateTimings } from "@nodeless/fargate";
import type { AwsTimings } from "@nodeless/local-aws";

/** Every duration that the local side simulates, in milliseconds. */
export interface Timings {
  readonly aws: AwsTimings;
  readonly kubelet: KubeletTimings;
  readonly fargate: FargateTimings;
  /** Pod garbage collection; empty: kube-controller-manager's own. */
  readonly controllers: Partial<Pick<ControllerSettings, "podGcPeriodMs" | "podGcNodeQuarantineMs">>;
  /** Passed to the provisioner: batching and polling. */
  readonly provisionerEnvironment: Readonly<Record<string, string>>;
  /** Of the default NodePool. */
  readonly consolidateAfter: string;
  /** How often the eks steps look at something that takes its time. */
  readonly pollMs: number;
}

/** The default: a cluster in a second, a node in a quarter of a second. Order and events are those of the real durations. */
export const COMPRESSED_TIMINGS: Timings = {
  aws: {
    clusterCreateMs: 0,
    clusterDeleteMs: 200,
    fargateProfileCreateMs: 50,
    fargateProfileDeleteMs: 200,
    addonCreateMs: 100,
    natGatewayCreateMs: 0,
    instanceStartMs: 40,
    instanceBootMs: 80,
    instanceStopMs: 200,
    terminatedVisibleMs: 5 * 60_000,
  },
  kubelet: { nodeReadyMs: 40, imagePullMs: 60, containerStartMs: 10, containerStopMs: 100, leaseRenewMs: 10_000 },
  fargate: { microVmBootMs: 300, retryMs: 2_000 },
  controllers: { podGcPeriodMs: 500, podGcNodeQuarantineMs: 1_000 },
  provisionerEnvironment: {
    BATCH_IDLE_DURATION: "20ms",
    BATCH_MAX_DURATION: "200ms",
    POD_RETRY_INTERVAL: "2s",
    DISRUPTION_INTERVAL: "500ms",
    DISRUPTION_VALIDATION_DELAY: "500ms",
    POD_EVENT_INTERVAL: "500ms",
    DRAIN_MIN_DURATION: "0s",
    TERMINATION_INTERVAL: "250ms",
    GARBAGE_COLLECTION_INTERVAL: "5s",
    LEASE_DURATION: "3s",
    LEASE_RENEW_DEADLINE: "2s",
    LEASE_RETRY_PERIOD: "250ms",
  },
  consolidateAfter: "5s",
  pollMs: 10,
};

/** As AWS takes it (fargate.md §1.1 and §4, eks-bootstrap.md §4.7, karpenter.md §3.1). */
export const REALISTIC_TIMINGS: Timings = {
  aws: {
    clusterCreateMs: 9 * 60_000,
    clusterDeleteMs: 5 * 60_000,
    fargateProfileCreateMs: 60_000,
    fargateProfileDeleteMs: 3 * 60_000,
    addonCreateMs: 30_000,
    natGatewayCreateMs: 2 * 60_000,
    instanceStartMs: 15_000,
    instanceBootMs: 25_000,
    instanceStopMs: 30_000,
    terminatedVisibleMs: 60 * 60_000,
  },
  kubelet: {
    nodeReadyMs: 10_000,
    imagePullMs: 4_000,
    containerStartMs: 1_000,
    containerStopMs: 2_000,
    leaseRenewMs: 10_000,
  },
  fargate: { microVmBootMs: 45_000, retryMs: 30_000 },
  controllers: {},
  provisionerEnvironment: {},
  consolidateAfter: "30s",
  pollMs: 2_000,
};
