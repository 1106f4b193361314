import type { ConfigMap, Secret, ServiceAccount } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { CONFIG_MAP_COLUMNS, SECRET_COLUMNS, SERVICE_ACCOUNT_COLUMNS } from "../columns/configuration.ts";
import type { FieldErrors } from "../field-errors.ts";
import { configKeyProblems } from "../validation/names.ts";

/** Source: kubernetes/kubernetes pkg/apis/core/types.go, MaxSecretSize. */
const DATA_BYTES_MAX = 1024 * 1024;

const IMMUTABLE = "field is immutable when `immutable` is set";

interface Holding {
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** What was declared immutable stays so, data included. */
function validateImmutable(now: Holding, old: Holding, errors: FieldErrors): void {
  if (old.immutable !== true) return;
  if (now.immutable !== true) errors.forbidden("immutable", IMMUTABLE);
  if (!jsonEqual(now.data ?? {}, old.data ?? {})) errors.forbidden("data", IMMUTABLE);
  if (!jsonEqual(now.binaryData ?? {}, old.binaryData ?? {})) errors.forbidden("binaryData", IMMUTABLE);
}

function validateKeys(data: Readonly<Record<string, string>> | undefined, field: string, errors: FieldErrors): void {
  for (const key of Object.keys(data ?? {})) errors.invalidAll(`${field}[${key}]`, key, configKeyProblems(key));
}

const decodedBytes = (base64: string): number => Buffer.byteLength(base64, "base64");

export const CONFIG_MAP: AnyBehaviour = behaviour<ConfigMap>({
  validate({ data = {}, binaryData = {} }, errors) {
    validateKeys(data, "data", errors);
    validateKeys(binaryData, "binaryData", errors);
    for (const key of Object.keys(data))
      if (Object.hasOwn(binaryData, key)) errors.invalid(`data[${key}]`, key, "duplicate of key present in binaryData");
    const bytes =
      Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0) +
      Object.values(binaryData).reduce((sum, text) => sum + decodedBytes(text), 0);
    if (bytes > DATA_BYTES_MAX) errors.tooLong("", DATA_BYTES_MAX);
  },
  validateUpdate: (now, old, errors) => validateImmutable(now, old, errors),
  columns: CONFIG_MAP_COLUMNS,
});

/** Keys that a secret of a type must have. Source: kubernetes/kubernetes pkg/apis/core/validation, ValidateSecret. */
const REQUIRED_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ["kubernetes.io/dockerconfigjson", [".dockerconfigjson"]],
  ["kubernetes.io/dockercfg", [".dockercfg"]],
  ["kubernetes.io/ssh-auth", ["ssh-privatekey"]],
  ["kubernetes.io/tls", ["tls.crt", "tls.key"]],
]);
const SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name";

export const SECRET: AnyBehaviour = behaviour<Secret>({
  applyDefaults(draft) {
    draft.type ??= "Opaque";
    if (draft.stringData === undefined) return;
    // Write-only: what is given as text is kept as data.
    draft.data = { ...draft.data };
    for (const [key, text] of Object.entries(draft.stringData)) draft.data[key] = Buffer.from(text).toString("base64");
    delete draft.stringData;
  },
  validate({ metadata, type = "", data = {} }, errors) {
    validateKeys(data, "data", errors);
    const bytes = Object.values(data).reduce((sum, text) => sum + decodedBytes(text), 0);
    if (bytes > DATA_BYTES_MAX) errors.tooLong("data", DATA_BYTES_MAX);
    for (const key of REQUIRED_KEYS.get(type) ?? []) if (!Object.hasOwn(data, key)) errors.required(`data[${key}]`);
    if (type === "kubernetes.io/basic-auth" && data["username"] === undefined && data["password"] === undefined)
      errors.required("data[username]");
    if (type === "kubernetes.io/service-account-token" && (metadata.annotations?.[SERVICE_ACCOUNT_NAME] ?? "") === "")
      errors.required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`);
  },
  validateUpdate(now, old, errors) {
    if (now.type !== old.type) errors.invalid("type", now.type ?? "", "field is immutable");
    validateImmutable(now, old, errors);
  },
  columns: SECRET_COLUMNS,
  selectableFields: { type: ({ type }) => type ?? "" },
});

export const SERVICE_ACCOUNT: AnyBehaviour = behaviour<ServiceAccount>({ columns: SERVICE_ACCOUNT_COLUMNS });
