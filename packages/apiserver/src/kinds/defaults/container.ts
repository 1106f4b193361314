import type {
  Container,
  Draft,
  EphemeralContainer,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
} from "@nodeless/api";

type AnyContainer = Draft<Container> | Draft<EphemeralContainer>;

/** Defaults of one container. Source of all defaults here: kubernetes/kubernetes pkg/apis/core/v1/defaults.go (release 1.36). */
export function applyContainerDefaults(container: AnyContainer): void {
  container.imagePullPolicy ??= namesLatest(container.image ?? "") ? "Always" : "IfNotPresent";
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ??= "TCP";
  for (const variable of container.env ?? []) {
    const field = variable.valueFrom?.fieldRef;
    if (field !== undefined) field.apiVersion ??= "v1";
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    if (probe !== undefined) applyProbeDefaults(probe);
  if (container.lifecycle !== undefined) applyLifecycleDefaults(container.lifecycle);
}

/** No tag and no digest means `latest`, which may move. */
function namesLatest(image: string): boolean {
  if (image.includes("@")) return false;
  const name = image.slice(image.lastIndexOf("/") + 1);
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : "latest";
  return tag === "latest";
}

function applyProbeDefaults(probe: Draft<Probe>): void {
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  if (probe.httpGet !== undefined) applyHttpDefaults(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
}

function applyLifecycleDefaults(lifecycle: Draft<Lifecycle>): void {
  const handlers: (Draft<LifecycleHandler> | undefined)[] = [lifecycle.postStart, lifecycle.preStop];
  for (const handler of handlers) if (handler?.httpGet !== undefined) applyHttpDefaults(handler.httpGet);
}

function applyHttpDefaults(action: Draft<HTTPGetAction>): void {
  action.path ??= "/";
  action.scheme ??= "HTTP";
}

/** A limit stands in for a missing request; only pods, not templates, are filled in this way. */
export function requestsFromLimits(resources: Draft<Container>["resources"]): void {
  if (resources?.limits === undefined) return;
  for (const [name, quantity] of Object.entries(resources.limits)) {
    resources.requests ??= {};
    if (!Object.hasOwn(resources.requests, name)) resources.requests[name] = quantity;
  }
}
