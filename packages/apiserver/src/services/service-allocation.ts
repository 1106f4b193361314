import type { KubernetesObject, Service, ServicePort, ServiceSpec } from "@nodeless/api";
import type { Random } from "@nodeless/environment";
import type { ObjectCache } from "../cache/object-cache.ts";
import { parseStorageKey } from "../cache/stored-object.ts";
import type { FieldError } from "../kinds/kind.ts";
import { internalError, invalid } from "../status.ts";
import type { WriteHook } from "../write/write-hooks.ts";
import { type AddressBlock, chooseAddress, formatAddress, isUsable, parseAddress, parseCidr } from "./address-pool.ts";

export const SERVICE_PREFIX = "core/services";

/** Inclusive. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Gives Services their cluster address and node ports. Nothing is stored beside the Services: a claim counts for as long as the
 * Service that made it exists and still carries the value, so a refused create leaves nothing behind.
 */
export class ServiceAllocation implements WriteHook {
  readonly #cache: ObjectCache;
  readonly #random: Random;
  readonly #block: AddressBlock;
  readonly #ports: PortRange;
  readonly #addressClaims = new Map<string, string>();
  readonly #portClaims = new Map<number, string>();

  constructor(options: {
    readonly cache: ObjectCache;
    readonly random: Random;
    readonly serviceCidr: string;
    readonly nodePorts: PortRange;
  }) {
    this.#cache = options.cache;
    this.#random = options.random;
    this.#block = parseCidr(options.serviceCidr);
    this.#ports = options.nodePorts;
    for (const stored of this.#cache.collection(SERVICE_PREFIX).list()) this.#claim(stored.key, specOf(stored.object));
  }

  /** The address of the `kubernetes` Service: the first of the block. */
  get apiServerAddress(): string {
    return formatAddress(this.#block.base + 1);
  }

  beforeCreate(object: KubernetesObject, { dryRun }: { readonly dryRun: boolean }): KubernetesObject {
    return this.#allocated(object, {}, dryRun);
  }

  beforeUpdate(
    object: KubernetesObject,
    old: KubernetesObject,
    { dryRun }: { readonly dryRun: boolean },
  ): KubernetesObject {
    return this.#allocated(object, specOf(old), dryRun);
  }

  #allocated(object: KubernetesObject, old: ServiceSpec, dryRun: boolean): KubernetesObject {
    const key = `${SERVICE_PREFIX}/${object.metadata.namespace}/${object.metadata.name}`;
    const errors: FieldError[] = [];
    const spec = this.#withPorts(this.#withAddress(specOf(object), { key, old, errors }), { key, old, errors });
    if (errors.length > 0) throw invalid({ group: "", kind: "Service" }, object.metadata.name ?? "", errors);
    if (!dryRun) this.#claim(key, spec);
    return { ...object, spec } as Service;
  }

  #claim(key: string, spec: ServiceSpec): void {
    for (const address of addressesOf(spec)) this.#addressClaims.set(address, key);
    for (const port of nodePortsOf(spec)) this.#portClaims.set(port, key);
  }

  #isFree(claimedBy: string | undefined, own: string, holds: (spec: ServiceSpec) => boolean): boolean {
    if (claimedBy === undefined || claimedBy === own) return true;
    const stored = this.#cache.latest(parseStorageKey(claimedBy));
    return stored === undefined || !holds(specOf(stored.object));
  }

  #isFreeAddress(address: string, own: string): boolean {
    return this.#isFree(this.#addressClaims.get(address), own, (spec) => addressesOf(spec).includes(address));
  }

  #isFreePort(port: number, own: string): boolean {
    return this.#isFree(this.#portClaims.get(port), own, (spec) => nodePortsOf(spec).includes(port));
  }

  #withAddress(
    spec: ServiceSpec,
    { key, old, errors }: { readonly key: string; readonly old: ServiceSpec; readonly errors: FieldError[] },
  ): ServiceSpec {
    if (spec.type === "ExternalName") return spec;
    // A client that leaves the address out means to keep it.
    const wanted = spec.clusterIP || spec.clusterIPs?.[0] || (old.type === "ExternalName" ? "" : old.clusterIP) || "";
    if (wanted === "None") return { ...spec, clusterIP: "None", clusterIPs: ["None"] };
    if (wanted !== "") {
      // A given address does not change; that is for the kind's rules to say, whatever the new one is worth.
      const isGiven = old.type !== "ExternalName" && (old.clusterIP ?? "") !== "";
      const problem = isGiven ? undefined : this.#addressProblem(wanted, key);
      if (problem !== undefined)
        errors.push({
          field: "spec.clusterIPs",
          reason: "FieldValueInvalid",
          message: `Invalid value: ${JSON.stringify([wanted])}: failed to allocate IP ${wanted}: ${problem}`,
        });
      return { ...spec, clusterIP: wanted, clusterIPs: [wanted] };
    }
    const chosen = chooseAddress(this.#block, {
      random: this.#random,
      isFree: (address) => this.#isFreeAddress(formatAddress(address), key),
    });
    if (chosen === undefined) throw internalError("failed to allocate a serviceIP: range is full");
    return { ...spec, clusterIP: formatAddress(chosen), clusterIPs: [formatAddress(chosen)] };
  }

  #addressProblem(text: string, key: string): string | undefined {
    const address = parseAddress(text);
    if (address === undefined || !isUsable(this.#block, address))
      return "the provided IP is not in the valid range of service addresses";
    return this.#isFreeAddress(text, key) ? undefined : "provided IP is already allocated";
  }

  #withPorts(
    spec: ServiceSpec,
    { key, old, errors }: { readonly key: string; readonly old: ServiceSpec; readonly errors: FieldError[] },
  ): ServiceSpec {
    if (spec.ports === undefined) return spec;
    if (spec.type !== "NodePort" && spec.type !== "LoadBalancer")
      return { ...spec, ports: spec.ports.map(({ nodePort: _nodePort, ...port }) => port) };
    if (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts === false) return spec;
    const taken = new Set<number>();
    const ports = spec.ports.map((port, index): ServicePort => {
      const given = port.nodePort || samePort(old, port)?.nodePort || 0;
      const problem = given === 0 ? undefined : this.#portProblem(given, key);
      if (problem !== undefined)
        errors.push({
          field: `spec.ports[${index}].nodePort`,
          reason: "FieldValueInvalid",
          message: `Invalid value: ${given}: ${problem}`,
        });
      const nodePort = given === 0 ? this.#choosePort(key, taken) : given;
      taken.add(nodePort);
      return { ...port, nodePort };
    });
    return { ...spec, ports };
  }

  #portProblem(port: number, key: string): string | undefined {
    const { first, last } = this.#ports;
    if (port < first || port > last)
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    return this.#isFreePort(port, key) ? undefined : "provided port is already allocated";
  }

  #choosePort(key: string, taken: ReadonlySet<number>): number {
    const size = this.#ports.last - this.#ports.first + 1;
    const start = this.#random.integer(size);
    for (let step = 0; step < size; step += 1) {
      const port = this.#ports.first + ((start + step) % size);
      if (!taken.has(port) && this.#isFreePort(port, key)) return port;
    }
    throw internalError("failed to allocate a nodePort: range is full");
  }
}

function specOf(object: KubernetesObject): ServiceSpec {
  return (object as Service).spec ?? {};
}

function addressesOf({ clusterIP, clusterIPs = [] }: ServiceSpec): readonly string[] {
  const all = clusterIP === undefined ? clusterIPs : [clusterIP, ...clusterIPs];
  return all.filter((address) => address !== "" && address !== "None");
}

function nodePortsOf({ ports = [] }: ServiceSpec): readonly number[] {
  return ports.flatMap(({ nodePort }) => (nodePort === undefined || nodePort === 0 ? [] : [nodePort]));
}

function samePort({ ports = [] }: ServiceSpec, wanted: ServicePort): ServicePort | undefined {
  return ports.find(({ port, protocol }) => port === wanted.port && protocol === wanted.protocol);
}
