import type { Pod } from "@nodeless/api";
import { queryFlag } from "../request/request-info.ts";
import { textResponse } from "../request/responses.ts";
import { type CallHandler, keyOf } from "../rest/resource-call.ts";
import { badRequest, notFound } from "../status.ts";

/** Query of `pods/log`. */
export interface PodLogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
  /** Ends a followed log. */
  readonly signal: AbortSignal | undefined;
}

/** Where logs come from: whoever runs the containers. `body` may be a stream; a status other than 200 carries the error text. */
export type PodLogs = (pod: Pod, container: string, options: PodLogOptions) => PodLogAnswer | Promise<PodLogAnswer>;

export interface PodLogAnswer {
  readonly status: number;
  readonly body: string | AsyncIterable<Uint8Array>;
}

const NOTHING_RUNS: PodLogs = () => ({ status: 200, body: "" });

/** Answers `pods/log` from a provider. Source of the texts: kubernetes pkg/registry/core/pod/strategy.go LogLocation. */
export function podLogHandler(logs: PodLogs = NOTHING_RUNS): CallHandler {
  return async (call) => {
    const key = keyOf(call);
    const stored = call.server.cache.get(key);
    if (stored === undefined) throw notFound(call.definition, key.name);
    const pod = stored.object as Pod;
    const container = containerOf(pod, call.query.get("container") ?? "");
    if ((pod.spec?.nodeName ?? "") === "") throw badRequest(`pod ${key.name} does not have a host assigned`);
    const options = optionsOf(call.query, call.request.signal);
    refuseWaiting(pod, container, options);
    const { status, body } = await logs(pod, container, options);
    if (status !== 200 && typeof body === "string") throw badRequest(body);
    if (typeof body === "string") return textResponse(status, body);
    return { status, headers: { "content-type": "text/plain" }, body };
  };
}

function containerOf(pod: Pod, wanted: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const names = [...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name);
  const podName = pod.metadata.name ?? "";
  if (wanted !== "") {
    if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${podName}`);
    return wanted;
  }
  const [first] = containers;
  if (first !== undefined && containers.length === 1) return first.name;
  throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${names.join(" ")}]`);
}

function refuseWaiting(pod: Pod, container: string, { previous }: PodLogOptions): void {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    ({ name }) => name === container,
  );
  const waiting = status?.state?.waiting;
  const begun = status !== undefined && waiting === undefined;
  const ranBefore = status?.lastState?.terminated !== undefined;
  if (previous && !ranBefore)
    throw badRequest(`previous terminated container "${container}" in pod "${pod.metadata.name}" not found`);
  if (begun || ranBefore) return;
  throw badRequest(
    `container "${container}" in pod "${pod.metadata.name}" is waiting to start: ${waiting?.reason ?? "ContainerCreating"}`,
  );
}

function optionsOf(query: URLSearchParams, signal: AbortSignal | undefined): PodLogOptions {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) throw badRequest(`${name} must be a whole number, not "${text}"`);
    return value;
  };
  const tailLines = number("tailLines");
  const sinceSeconds = number("sinceSeconds");
  const limitBytes = number("limitBytes");
  const sinceTime = query.get("sinceTime");
  return {
    follow: queryFlag(query, "follow"),
    previous: queryFlag(query, "previous"),
    timestamps: queryFlag(query, "timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceTime === null ? {} : { sinceTime }),
    signal,
  };
}
