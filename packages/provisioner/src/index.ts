export type { ProvisionerOptions } from "./run-provisioner.ts";
export { runProvisioner } from "./run-provisioner.ts";
export { formatDuration, parseDurationMs } from "./settings/duration.ts";
export type { LeaderElectionSettings, ProvisionerIntervals, ProvisionerSettings } from "./settings/settings.ts";
export { InvalidSettingsError, parseProvisionerSettings } from "./settings/settings.ts";
