import type { ClusterRoleBinding, KubernetesObject, RoleBinding, Subject } from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import { AGE, CREATED_AT, column, NAME, wide } from "./plain.ts";

/** Roles, cluster roles and CustomResourceDefinitions. */
export const CREATED_AT_COLUMNS: readonly ColumnRule<KubernetesObject>[] = [NAME, CREATED_AT];

const names = (subjects: readonly Subject[] | undefined, kind: string): string =>
  (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : name))
    .join(", ");

export const ROLE_BINDING_COLUMNS: readonly ColumnRule<RoleBinding | ClusterRoleBinding>[] = [
  NAME,
  column("Role", ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  AGE,
  wide("Users", ({ subjects }) => names(subjects, "User")),
  wide("Groups", ({ subjects }) => names(subjects, "Group")),
  wide("ServiceAccounts", ({ subjects }) => names(subjects, "ServiceAccount")),
];

interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly unknown[];
}

export const WEBHOOK_CONFIGURATION_COLUMNS: readonly ColumnRule<WebhookConfiguration>[] = [
  NAME,
  column("Webhooks", ({ webhooks = [] }) => webhooks.length, { type: "integer" }),
  AGE,
];
