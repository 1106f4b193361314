import type { Container, EnvVar, Pod } from "@nodeless/api";
import { CONFIG_MAPS, parseMilli, parseUnits, SECRETS } from "@nodeless/api";
import type { KubernetesClient } from "@nodeless/runtime";

/** A container cannot be created as configured; the message is what `kubectl describe pod` shows. Caller: wait and try again. */
export class ContainerConfigError extends Error {
  override readonly name = "ContainerConfigError";
}

/** What the environment is resolved against. */
export interface EnvironmentSources {
  readonly pod: Pod;
  readonly container: Container;
  readonly podIp: string;
  readonly hostIp: string;
  readonly nodeAllocatable: Readonly<Record<string, string>>;
  readonly client: KubernetesClient;
  readonly signal: AbortSignal;
}

/**
 * The environment a container finds: envFrom, then env in order, later entries winning, `$(NAME)` expanded.
 * Source: makeEnvironmentVariables in pkg/kubelet/kubelet_pods.go (release 1.35); without the variables of services.
 * Throws ContainerConfigError for a missing ConfigMap, Secret or key that is not optional.
 */
export async function resolveEnvironment(sources: EnvironmentSources): Promise<ReadonlyMap<string, string>> {
  const environment = new Map<string, string>();
  for (const { prefix = "", configMapRef, secretRef } of sources.container.envFrom ?? []) {
    const data =
      configMapRef !== undefined
        ? await configMapData(sources, configMapRef.name ?? "", configMapRef.optional === true)
        : await secretData(sources, secretRef?.name ?? "", secretRef?.optional === true);
    for (const [key, value] of data) environment.set(`${prefix}${key}`, value);
  }
  for (const variable of sources.container.env ?? []) {
    const value = await resolveVariable(sources, variable, environment);
    if (value !== undefined) environment.set(variable.name, value);
  }
  return environment;
}

async function resolveVariable(
  sources: EnvironmentSources,
  { value, valueFrom }: EnvVar,
  environment: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expandVariables(value ?? "", environment);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return fieldValue(sources, fieldRef.fieldPath);
  if (resourceFieldRef !== undefined) return resourceValue(sources, resourceFieldRef);
  if (configMapKeyRef !== undefined) {
    const { name = "", key, optional = false } = configMapKeyRef;
    return required(await configMapData(sources, name, optional), { kind: "ConfigMap", name, key, optional }, sources);
  }
  if (secretKeyRef !== undefined) {
    const { name = "", key, optional = false } = secretKeyRef;
    return required(await secretData(sources, name, optional), { kind: "Secret", name, key, optional }, sources);
  }
  return undefined;
}

function required(
  data: ReadonlyMap<string, string>,
  reference: { readonly kind: string; readonly name: string; readonly key: string; readonly optional: boolean },
  { pod }: EnvironmentSources,
): string | undefined {
  const { kind, name, key, optional } = reference;
  const value = data.get(key);
  if (value === undefined && !optional)
    throw new ContainerConfigError(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`);
  return value;
}

async function configMapData(
  { pod, client, signal }: EnvironmentSources,
  name: string,
  optional: boolean,
): Promise<ReadonlyMap<string, string>> {
  const found = await client.resource(CONFIG_MAPS).find({ namespace: pod.metadata.namespace, name }, { signal });
  if (found === undefined && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
  return new Map(Object.entries(found?.data ?? {}));
}

async function secretData(
  { pod, client, signal }: EnvironmentSources,
  name: string,
  optional: boolean,
): Promise<ReadonlyMap<string, string>> {
  const found = await client.resource(SECRETS).find({ namespace: pod.metadata.namespace, name }, { signal });
  if (found === undefined && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
  const decoded = Object.entries(found?.data ?? {}).map(([key, value]): [string, string] => [
    key,
    Buffer.from(String(value), "base64").toString("utf8"),
  ]);
  return new Map(decoded);
}

const SUBSCRIPT = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

function fieldValue({ pod, podIp, hostIp }: EnvironmentSources, path: string): string {
  const { metadata, spec } = pod;
  const subscript = SUBSCRIPT.exec(path);
  if (subscript !== null) {
    const map = (subscript[1] === "labels" ? metadata.labels : metadata.annotations) ?? {};
    const key = subscript[2] ?? "";
    return Object.hasOwn(map, key) ? (map[key] ?? "") : "";
  }
  const fields = new Map<string, string | undefined>([
    ["metadata.name", metadata.name],
    ["metadata.namespace", metadata.namespace],
    ["metadata.uid", metadata.uid],
    ["spec.nodeName", spec.nodeName],
    ["spec.serviceAccountName", spec.serviceAccountName],
    ["status.podIP", podIp],
    ["status.podIPs", podIp],
    ["status.hostIP", hostIp],
    ["status.hostIPs", hostIp],
  ]);
  if (!fields.has(path)) throw new ContainerConfigError(`unsupported fieldPath: ${path}`);
  return fields.get(path) ?? "";
}

/** `limits.memory` and the like, divided and rounded up; a missing limit is what the node offers. */
function resourceValue(
  { pod, container, nodeAllocatable }: EnvironmentSources,
  reference: { readonly resource: string; readonly containerName?: string; readonly divisor?: string },
): string {
  const { resource, containerName, divisor } = reference;
  const [list, name] = [resource.slice(0, resource.indexOf(".")), resource.slice(resource.indexOf(".") + 1)];
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const target = containerName === undefined ? container : (all.find((one) => one.name === containerName) ?? container);
  const own = (list === "limits" ? target.resources?.limits : target.resources?.requests) ?? {};
  const amount = Object.hasOwn(own, name) ? own[name] : list === "limits" ? nodeAllocatable[name] : undefined;
  const unit = divisor === undefined || divisor === "0" ? "1" : divisor;
  // Millicores keep the division exact for cpu; everything else comes in whole units.
  const parse = name === "cpu" ? parseMilli : parseUnits;
  return String(Math.ceil(parse(amount ?? "0") / Math.max(1, parse(unit))));
}

/** `$(NAME)` becomes the value if known and stays otherwise; `$$` is one dollar sign. */
export function expandVariables(text: string, environment: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, escaped: string, name: string | undefined) =>
    escaped === "$" ? "$" : (environment.get(name ?? "") ?? whole),
  );
}
