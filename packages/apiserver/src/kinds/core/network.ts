import type { EndpointSlice, Endpoints, Ingress, IngressClass, NetworkPolicy } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import {
  ENDPOINT_SLICE_COLUMNS,
  ENDPOINTS_COLUMNS,
  INGRESS_CLASS_COLUMNS,
  INGRESS_COLUMNS,
  NETWORK_POLICY_COLUMNS,
} from "../columns/network.ts";
import type { FieldErrors } from "../field-errors.ts";
import { validateLabelSelector } from "../validation/selectors.ts";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];

/** Source: kubernetes/kubernetes pkg/apis/networking/validation/validation.go (release 1.36). */
export const INGRESS: AnyBehaviour = behaviour<Ingress>({
  prepareForCreate(draft) {
    draft.status = { loadBalancer: {} };
  },
  validate({ spec }, errors) {
    const rules = spec?.rules ?? [];
    if (rules.length === 0 && spec?.defaultBackend === undefined)
      errors.invalid("spec", rules, "either `defaultBackend` or `rules` must be specified");
    for (const [index, { http }] of rules.entries()) {
      const field = `spec.rules[${index}].http`;
      if (http !== undefined && (http.paths ?? []).length === 0) errors.required(`${field}.paths`);
      for (const [pathIndex, path] of (http?.paths ?? []).entries())
        validatePath(path, `${field}.paths[${pathIndex}]`, errors);
    }
  },
  columns: INGRESS_COLUMNS,
});

interface IngressPath {
  readonly path?: string;
  readonly pathType?: string;
  readonly backend?: { readonly service?: { readonly name?: string }; readonly resource?: unknown };
}

function validatePath({ path = "", pathType, backend }: IngressPath, field: string, errors: FieldErrors): void {
  if (pathType === undefined || pathType === "") errors.required(`${field}.pathType`, "pathType must be specified");
  else if (!PATH_TYPES.includes(pathType)) errors.notSupported(`${field}.pathType`, pathType, PATH_TYPES);
  else if (pathType !== "ImplementationSpecific" && !path.startsWith("/"))
    errors.invalid(`${field}.path`, path, "must be an absolute path");
  if (backend?.service === undefined && backend?.resource === undefined)
    errors.required(`${field}.backend`, "must specify a backend");
  else if (backend.service !== undefined && (backend.service.name ?? "") === "")
    errors.required(`${field}.backend.service.name`);
}

export const INGRESS_CLASS: AnyBehaviour = behaviour<IngressClass>({
  validateUpdate({ spec }, { spec: old }, errors) {
    if (spec?.controller !== old?.controller)
      errors.invalid("spec.controller", spec?.controller ?? "", "field is immutable");
  },
  columns: INGRESS_CLASS_COLUMNS,
});

export const NETWORK_POLICY: AnyBehaviour = behaviour<NetworkPolicy>({
  applyDefaults(draft) {
    draft.spec ??= {};
    draft.spec.podSelector ??= {};
    draft.spec.policyTypes ??= ["Ingress", ...((draft.spec.egress ?? []).length > 0 ? ["Egress"] : [])];
    for (const rule of [...(draft.spec.ingress ?? []), ...(draft.spec.egress ?? [])])
      for (const port of rule.ports ?? []) port.protocol ??= "TCP";
  },
  validate: ({ spec }, errors) => validateLabelSelector(spec?.podSelector, "spec.podSelector", errors),
  columns: NETWORK_POLICY_COLUMNS,
});

export const ENDPOINTS: AnyBehaviour = behaviour<Endpoints>({
  applyDefaults(draft) {
    for (const { ports = [] } of draft.subsets ?? []) for (const port of ports) port.protocol ??= "TCP";
  },
  columns: ENDPOINTS_COLUMNS,
});

export const ENDPOINT_SLICE: AnyBehaviour = behaviour<EndpointSlice>({
  applyDefaults(draft) {
    for (const port of draft.ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  validate({ addressType }, errors) {
    errors.oneOf("addressType", addressType, ["FQDN", "IPv4", "IPv6"]);
  },
  validateUpdate(now, old, errors) {
    if (!jsonEqual(now.addressType, old.addressType))
      errors.invalid("addressType", now.addressType, "field is immutable");
  },
  columns: ENDPOINT_SLICE_COLUMNS,
});
