import type { ResourceRequirements } from "@nodeless/api";
import { compareQuantities, isQualifiedName } from "@nodeless/api";
import { closest } from "@nodeless/eks/spec";
import type { Path, Report } from "./check-value.ts";

const STANDARD = ["cpu", "memory", "ephemeral-storage"] as const;
const isHugePages = (name: string): boolean => name.startsWith("hugepages-");
/** Devices and huge pages cannot be overcommitted. */
const isOvercommitAllowed = (name: string): boolean => !name.includes("/") && !isHugePages(name);

/** Requests and limits of a container or pod. Source: kubernetes pkg/apis/core/validation, validateContainerResourceRequirements. */
export function checkResources(resources: ResourceRequirements | undefined, path: Path, report: Report): void {
  if (resources === undefined) return;
  const { requests = {}, limits = {} } = resources;
  for (const [list, amounts] of Object.entries({ limits, requests }))
    for (const [name, quantity] of Object.entries(amounts)) checkAmount(name, quantity, [...path, list, name], report);
  for (const [name, request] of Object.entries(requests)) {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    const at = [...path, "requests", name];
    if (limit === undefined) {
      if (!isOvercommitAllowed(name)) report(at, `${name} cannot be overcommitted: give the same amount as limit`);
    } else if (!isOvercommitAllowed(name)) {
      if (compareQuantities(request, limit) !== 0)
        report(at, `${request} differs from the limit ${limit}: ${name} cannot be overcommitted, give the same amount`);
    } else if (compareQuantities(request, limit) > 0)
      report(at, `${request} is more than the limit ${limit}; raise the limit or lower the request`);
  }
}

function checkAmount(name: string, quantity: string, path: Path, report: Report): void {
  if (!isQualifiedName(name)) {
    report(path, `${JSON.stringify(name)} is not a resource name; write cpu, memory, ephemeral-storage or domain/name`);
    return;
  }
  if (!name.includes("/") && !STANDARD.some((one) => one === name) && !isHugePages(name)) {
    const near = closest(name, STANDARD);
    report(
      path,
      near === undefined
        ? `unknown resource; write cpu, memory, ephemeral-storage, hugepages-SIZE, or domain/name for a device`
        : `unknown resource; did you mean ${near}?`,
    );
  }
  if (name.includes("/") && /[mun]$/.test(quantity)) report(path, `${quantity} is a fraction, and devices come whole`);
}
