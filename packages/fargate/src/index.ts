export type { FargateBackend, FargateProfile, FargateTimings, MicroVmAddress } from "./contract.ts";
