import type { Container, ContainerPort, EnvVar, Lifecycle, Probe, VolumeMount } from "@nodeless/api";
import type { FieldErrors } from "../field-errors.ts";
import { dnsLabelProblems } from "./names.ts";
import { validateResources } from "./resources.ts";

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const MESSAGE_POLICIES = ["FallbackToLogsOnError", "File"];
const SCHEMES = ["HTTP", "HTTPS"];
const PORT_MAX = 65_535;
export const PORT_TEXT = "must be between 1 and 65535, inclusive";

export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= PORT_MAX;

/** Rules of one container. Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go. `volumes` are the pod's by name. */
export function validateContainer(container: Container, path: string, errors: FieldErrors): void {
  const { name = "", image = "" } = container;
  if (name === "") errors.required(`${path}.name`);
  else errors.invalidAll(`${path}.name`, name, dnsLabelProblems(name));
  if (image === "") errors.required(`${path}.image`);
  else if (image !== image.trim())
    errors.invalid(`${path}.image`, image, "must not have leading or trailing whitespace");
  errors.oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES);
  errors.oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES);
  validatePorts(container.ports ?? [], `${path}.ports`, errors);
  validateEnvironment(container, path, errors);
  validateResources(container.resources, `${path}.resources`, errors);
  validateProbe(container.livenessProbe, `${path}.livenessProbe`, errors, { successesMax: 1 });
  validateProbe(container.startupProbe, `${path}.startupProbe`, errors, { successesMax: 1 });
  validateProbe(container.readinessProbe, `${path}.readinessProbe`, errors, {});
  validateLifecycle(container.lifecycle, `${path}.lifecycle`, errors);
}

function validatePorts(ports: readonly ContainerPort[], path: string, errors: FieldErrors): void {
  const names = new Set<string>();
  for (const [index, { name, containerPort, hostPort, protocol }] of ports.entries()) {
    const field = `${path}[${index}]`;
    if (name !== undefined && name !== "") {
      errors.invalidAll(`${field}.name`, name, portNameProblems(name));
      if (names.has(name)) errors.duplicate(`${field}.name`, name);
      names.add(name);
    }
    if (containerPort === undefined || containerPort === 0) errors.required(`${field}.containerPort`);
    else if (!isPort(containerPort)) errors.invalid(`${field}.containerPort`, containerPort, PORT_TEXT);
    if (hostPort !== undefined && hostPort !== 0 && !isPort(hostPort))
      errors.invalid(`${field}.hostPort`, hostPort, PORT_TEXT);
    errors.oneOf(`${field}.protocol`, protocol, PROTOCOLS);
  }
}

/** IANA service names. Source: k8s.io/apimachinery pkg/util/validation, IsValidPortName. */
export function portNameProblems(name: string): readonly string[] {
  const problems: string[] = [];
  if (name.length > 15) problems.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(name))
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(name)) problems.push("must contain at least one letter (a-z)");
  if (name.includes("--")) problems.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-")) problems.push("must not begin or end with a hyphen");
  return problems;
}

function validateEnvironment({ env = [], envFrom = [] }: Container, path: string, errors: FieldErrors): void {
  for (const [index, variable] of env.entries()) validateVariable(variable, `${path}.env[${index}]`, errors);
  for (const [index, source] of envFrom.entries()) {
    const field = `${path}.envFrom[${index}]`;
    const given = [source.configMapRef, source.secretRef].filter((reference) => reference !== undefined);
    if (given.length === 0) errors.invalid(field, "", "must specify one of: `configMapRef` or `secretRef`");
    if (given.length > 1) errors.invalid(field, "", "may not have more than one field specified at a time");
    if (source.configMapRef?.name === "") errors.required(`${field}.configMapRef.name`);
    if (source.secretRef?.name === "") errors.required(`${field}.secretRef.name`);
  }
}

function validateVariable({ name = "", value = "", valueFrom }: EnvVar, path: string, errors: FieldErrors): void {
  if (name === "") errors.required(`${path}.name`);
  else if (!/^[ -<>-~]+$/.test(name))
    errors.invalid(
      `${path}.name`,
      name,
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
    );
  if (valueFrom === undefined) return;
  const sources = Object.values(valueFrom).filter((source) => source !== undefined);
  if (sources.length === 0)
    errors.invalid(
      `${path}.valueFrom`,
      "",
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
    );
  if (value !== "") errors.invalid(`${path}.valueFrom`, "", "may not be specified when `value` is not empty");
  if (sources.length > 1)
    errors.invalid(`${path}.valueFrom`, "", "may not have more than one field specified at a time");
  for (const source of ["configMapKeyRef", "secretKeyRef"] as const) {
    const reference = valueFrom[source];
    if (reference === undefined) continue;
    if ((reference.name ?? "") === "") errors.required(`${path}.valueFrom.${source}.name`);
    if ((reference.key ?? "") === "") errors.required(`${path}.valueFrom.${source}.key`);
  }
}

function validateProbe(
  probe: Probe | undefined,
  path: string,
  errors: FieldErrors,
  { successesMax }: { readonly successesMax?: number },
): void {
  if (probe === undefined) return;
  validateHandler(probe, path, errors);
  errors.nonNegative(`${path}.initialDelaySeconds`, probe.initialDelaySeconds);
  errors.nonNegative(`${path}.timeoutSeconds`, probe.timeoutSeconds);
  errors.nonNegative(`${path}.periodSeconds`, probe.periodSeconds);
  errors.nonNegative(`${path}.successThreshold`, probe.successThreshold);
  errors.nonNegative(`${path}.failureThreshold`, probe.failureThreshold);
  if (successesMax !== undefined && (probe.successThreshold ?? 1) > successesMax)
    errors.invalid(`${path}.successThreshold`, probe.successThreshold, `must be ${successesMax}`);
}

type Handler = Pick<Probe, "exec" | "httpGet" | "tcpSocket" | "grpc">;

function validateHandler(handler: Handler & { readonly sleep?: unknown }, path: string, errors: FieldErrors): void {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const given = [exec, httpGet, tcpSocket, grpc, sleep].filter((action) => action !== undefined);
  if (given.length === 0) errors.required(path, "must specify a handler type");
  if (given.length > 1) errors.forbidden(path, "may not specify more than 1 handler type");
  if (exec !== undefined && (exec.command ?? []).length === 0) errors.required(`${path}.exec.command`);
  if (httpGet !== undefined) {
    validatePortReference(httpGet.port, `${path}.httpGet.port`, errors);
    errors.oneOf(`${path}.httpGet.scheme`, httpGet.scheme, SCHEMES);
  }
  if (tcpSocket !== undefined) validatePortReference(tcpSocket.port, `${path}.tcpSocket.port`, errors);
  if (grpc !== undefined && !isPort(grpc.port)) errors.invalid(`${path}.grpc.port`, grpc.port, PORT_TEXT);
}

function validatePortReference(port: number | string | undefined, field: string, errors: FieldErrors): void {
  if (typeof port === "string") errors.invalidAll(field, port, portNameProblems(port));
  else if (!isPort(port ?? 0)) errors.invalid(field, port ?? 0, PORT_TEXT);
}

function validateLifecycle(lifecycle: Lifecycle | undefined, path: string, errors: FieldErrors): void {
  if (lifecycle?.postStart !== undefined) validateHandler(lifecycle.postStart, `${path}.postStart`, errors);
  if (lifecycle?.preStop !== undefined) validateHandler(lifecycle.preStop, `${path}.preStop`, errors);
}

/** Mounts must name a volume of the pod and stand at different paths. */
export function validateMounts(
  mounts: readonly VolumeMount[],
  volumes: ReadonlySet<string>,
  path: string,
  errors: FieldErrors,
): void {
  const paths = new Set<string>();
  for (const [index, { name = "", mountPath = "", subPath = "" }] of mounts.entries()) {
    const field = `${path}[${index}]`;
    if (name === "") errors.required(`${field}.name`);
    else if (!volumes.has(name)) errors.notFound(`${field}.name`, name);
    if (mountPath === "") errors.required(`${field}.mountPath`);
    if (paths.has(mountPath)) errors.invalid(`${field}.mountPath`, mountPath, "must be unique");
    paths.add(mountPath);
    if (subPath.startsWith("/")) errors.invalid(`${field}.subPath`, subPath, "must be a relative path");
    if (subPath.split("/").includes("..")) errors.invalid(`${field}.subPath`, subPath, "must not contain '..'");
  }
}
