import type {
  ClusterRole,
  ClusterRoleBinding,
  KubernetesObject,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { CREATED_AT_COLUMNS, ROLE_BINDING_COLUMNS, WEBHOOK_CONFIGURATION_COLUMNS } from "../columns/access.ts";
import { AGE, column, NAME } from "../columns/plain.ts";
import type { FieldErrors } from "../field-errors.ts";
import { PATH_SEGMENT_NAME } from "../validation/names.ts";

const RBAC = "rbac.authorization.k8s.io";

/** Source: kubernetes/kubernetes pkg/apis/rbac/validation/validation.go (release 1.36). */
function validateRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean, errors: FieldErrors): void {
  for (const [index, rule] of (rules ?? []).entries()) {
    const field = `rules[${index}]`;
    if ((rule.verbs ?? []).length === 0) errors.required(`${field}.verbs`, "verbs must contain at least one value");
    if ((rule.nonResourceURLs ?? []).length > 0) {
      if (namespaced)
        errors.invalid(
          `${field}.nonResourceURLs`,
          rule.nonResourceURLs,
          "namespaced rules cannot apply to non-resource URLs",
        );
      if ((rule.apiGroups ?? []).length + (rule.resources ?? []).length + (rule.resourceNames ?? []).length > 0)
        errors.invalid(
          `${field}.nonResourceURLs`,
          rule.nonResourceURLs,
          "rules cannot apply to both regular resources and non-resource URLs",
        );
      continue;
    }
    if ((rule.apiGroups ?? []).length === 0)
      errors.required(`${field}.apiGroups`, "resource rules must supply at least one api group");
    if ((rule.resources ?? []).length === 0)
      errors.required(`${field}.resources`, "resource rules must supply at least one resource");
  }
}

export const ROLE: AnyBehaviour = behaviour<Role>({
  nameRule: PATH_SEGMENT_NAME,
  validate: ({ rules }, errors) => validateRules(rules, true, errors),
  columns: CREATED_AT_COLUMNS,
});

export const CLUSTER_ROLE: AnyBehaviour = behaviour<ClusterRole>({
  nameRule: PATH_SEGMENT_NAME,
  validate: ({ rules }, errors) => validateRules(rules, false, errors),
  columns: CREATED_AT_COLUMNS,
});

type Binding = RoleBinding | ClusterRoleBinding;

function binding(kinds: readonly string[]): AnyBehaviour {
  return behaviour<Binding>({
    nameRule: PATH_SEGMENT_NAME,
    applyDefaults(draft) {
      if (draft.roleRef !== undefined) draft.roleRef.apiGroup ||= RBAC;
      for (const subject of draft.subjects ?? [])
        if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ??= RBAC;
    },
    validate({ roleRef, subjects = [] }, errors) {
      if (roleRef?.apiGroup !== RBAC) errors.notSupported("roleRef.apiGroup", roleRef?.apiGroup ?? "", [RBAC]);
      if (!kinds.includes(roleRef?.kind)) errors.notSupported("roleRef.kind", roleRef?.kind ?? "", kinds);
      if ((roleRef?.name ?? "") === "") errors.required("roleRef.name");
      for (const [index, subject] of subjects.entries()) validateSubject(subject, `subjects[${index}]`, errors);
    },
    validateUpdate(now, old, errors) {
      if (!jsonEqual(now.roleRef, old.roleRef)) errors.invalid("roleRef", now.roleRef, "cannot change roleRef");
    },
    columns: ROLE_BINDING_COLUMNS,
  });
}

function validateSubject(
  { kind, name = "", namespace = "", apiGroup = "" }: Subject,
  path: string,
  errors: FieldErrors,
): void {
  if (name === "") errors.required(`${path}.name`);
  if (kind === "ServiceAccount") {
    if (namespace === "") errors.required(`${path}.namespace`);
    if (apiGroup !== "") errors.notSupported(`${path}.apiGroup`, apiGroup, [""]);
  } else if (kind !== "User" && kind !== "Group")
    errors.notSupported(`${path}.kind`, kind, ["ServiceAccount", "User", "Group"]);
}

export const ROLE_BINDING: AnyBehaviour = binding(["Role", "ClusterRole"]);
export const CLUSTER_ROLE_BINDING: AnyBehaviour = binding(["ClusterRole"]);

interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly Record<string, unknown>[];
}

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/v1/defaults.go. */
export const WEBHOOK_CONFIGURATION: AnyBehaviour = behaviour<WebhookConfiguration>({
  applyDefaults(draft) {
    for (const webhook of draft.webhooks ?? []) {
      webhook["failurePolicy"] ??= "Fail";
      webhook["matchPolicy"] ??= "Equivalent";
      webhook["namespaceSelector"] ??= {};
      webhook["objectSelector"] ??= {};
      webhook["timeoutSeconds"] ??= 10;
      if (draft.kind === "MutatingWebhookConfiguration") webhook["reinvocationPolicy"] ??= "Never";
      for (const rule of (webhook["rules"] ?? []) as Record<string, unknown>[]) rule["scope"] ??= "*";
    }
  },
  validateCreate({ webhooks = [] }, errors) {
    // Storing what is never called would leave its author believing that something is checked.
    if (webhooks.length > 0) errors.forbidden("webhooks", "admission webhooks are not called by this server");
  },
  columns: WEBHOOK_CONFIGURATION_COLUMNS,
});

/** The parts of apiregistration.k8s.io/v1 APIService that the table shows. */
interface ApiService extends KubernetesObject {
  readonly spec?: { readonly service?: { readonly namespace?: string; readonly name?: string } };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export const API_SERVICE: AnyBehaviour = behaviour<ApiService>({
  columns: [
    NAME,
    column("Service", ({ spec }) =>
      spec?.service === undefined ? "Local" : `${spec.service.namespace ?? ""}/${spec.service.name ?? ""}`,
    ),
    column(
      "Available",
      ({ status }) => status?.conditions?.find(({ type }) => type === "Available")?.status ?? "Unknown",
    ),
    AGE,
  ],
});
