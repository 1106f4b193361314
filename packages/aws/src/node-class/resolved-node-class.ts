import type { EC2NodeClass } from "@nodeless/api";
import type { NodeClassStatus } from "@nodeless/cloud";
import type { NodeImage } from "./images.ts";
import type { NodeSecurityGroup } from "./security-groups.ts";

/** A node class as it was last reconciled. */
export interface ResolvedNodeClass {
  readonly nodeClass: EC2NodeClass;
  readonly family: string;
  readonly images: readonly NodeImage[];
  readonly securityGroups: readonly NodeSecurityGroup[];
  readonly instanceProfile: string | undefined;
  readonly status: NodeClassStatus;
}

/** Why the class cannot be launched from; undefined when it can. */
export function notReadyReason(status: NodeClassStatus): string | undefined {
  const failed = status.conditions.find((condition) => condition.status !== "True");
  if (failed === undefined) return undefined;
  return failed.message === "" ? `${failed.type} is ${failed.status}` : failed.message;
}
