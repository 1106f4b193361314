import type { EC2NodeClass } from "@nodeless/api";
import type { NodeClassStatus } from "@nodeless/cloud";
import { parseAlias } from "./image-aliases.ts";
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

/** The image family: said, or named by the alias; Custom without either. */
export function imageFamily(nodeClass: Pick<EC2NodeClass, "spec">): string {
  if (nodeClass.spec.amiFamily !== undefined) return nodeClass.spec.amiFamily;
  const alias = nodeClass.spec.amiSelectorTerms.find((term) => term.alias !== undefined)?.alias;
  return (alias === undefined ? undefined : parseAlias(alias)?.family) ?? "Custom";
}

/** Why the class cannot be launched from; undefined when it can. */
export function notReadyReason(status: NodeClassStatus): string | undefined {
  const failed = status.conditions.find((condition) => condition.status !== "True");
  if (failed === undefined) return undefined;
  return failed.message === "" ? `${failed.type} is ${failed.status}` : failed.message;
}
