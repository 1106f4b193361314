/** Durations and limits of the built-in controllers; defaults are kube-controller-manager's. */
export interface ControllerSettings {
  /** PEM of the cluster's CA, published in every namespace as ConfigMap `kube-root-ca.crt`. Default: empty. */
  readonly rootCa: string;
  /** No heartbeat for this long makes a node Unknown. Default 40,000. */
  readonly nodeMonitorGraceMs: number;
  /** The same for a node that never sent a heartbeat. Default 60,000. */
  readonly nodeStartupGraceMs: number;
  /** Between two looks at all nodes. Default 5,000. */
  readonly nodeMonitorPeriodMs: number;
  /** Between two rounds of pod garbage collection. Default 20,000. */
  readonly podGcPeriodMs: number;
  /** A node must be missing this long before its pods are deleted. Default 40,000. */
  readonly podGcNodeQuarantineMs: number;
  /** Finished pods beyond this number are deleted, oldest first. Default 12,500. */
  readonly terminatedPodsMax: number;
}

/** The settings of a controller manager started without flags. */
export const DEFAULT_CONTROLLER_SETTINGS: ControllerSettings = Object.freeze({
  rootCa: "",
  nodeMonitorGraceMs: 40_000,
  nodeStartupGraceMs: 60_000,
  nodeMonitorPeriodMs: 5_000,
  podGcPeriodMs: 20_000,
  podGcNodeQuarantineMs: 40_000,
  terminatedPodsMax: 12_500,
});
