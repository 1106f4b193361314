import { AwsError } from "../wire/aws-error.ts";

/** Which launches a capacity fault meets; absent = all. */
export interface CapacityFault {
  readonly instanceType?: string;
  readonly zone?: string;
  readonly capacityType?: "spot" | "on-demand";
  /** Default `InsufficientInstanceCapacity`. */
  readonly code?: string;
  readonly message?: string;
}

/** Faults to inject into local EC2. In memory only: a restart heals them. */
export class Ec2Faults {
  readonly #capacity = new Set<CapacityFault>();
  readonly #throttles = new Map<string, number>();

  /** Launches that match fail until the returned function is called. */
  denyCapacity(fault: CapacityFault): () => void {
    this.#capacity.add(fault);
    return () => void this.#capacity.delete(fault);
  }

  /** The next `times` calls of the operation (`*` = any) answer RequestLimitExceeded. */
  throttle(operation: string, times: number): void {
    this.#throttles.set(operation, times);
  }

  /** The fault that a launch meets, if any. */
  capacityFault(launch: {
    readonly instanceType: string;
    readonly zone: string;
    readonly capacityType: "spot" | "on-demand";
  }): { readonly code: string; readonly message: string } | undefined {
    for (const fault of this.#capacity) {
      if (fault.instanceType !== undefined && fault.instanceType !== launch.instanceType) continue;
      if (fault.zone !== undefined && fault.zone !== launch.zone) continue;
      if (fault.capacityType !== undefined && fault.capacityType !== launch.capacityType) continue;
      return { code: fault.code ?? "InsufficientInstanceCapacity", message: fault.message ?? capacityMessage(launch) };
    }
    return undefined;
  }

  /** Throws RequestLimitExceeded while a throttle for the operation lasts. */
  checkThrottle(operation: string): void {
    for (const key of [operation, "*"]) {
      const left = this.#throttles.get(key) ?? 0;
      if (left <= 0) continue;
      this.#throttles.set(key, left - 1);
      throw new AwsError("RequestLimitExceeded", "Request limit exceeded.", 503);
    }
  }
}

function capacityMessage(launch: { readonly instanceType: string; readonly zone: string }): string {
  return `We currently do not have sufficient ${launch.instanceType} capacity in the Availability Zone you requested (${launch.zone}).`;
}
