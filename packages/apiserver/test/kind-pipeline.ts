import assert from "node:assert/strict";
import type { KubernetesObject } from "@nodeless/api";
import { builtinKinds } from "../src/kinds/index.ts";
import type { FieldError, KindDefinition } from "../src/kinds/kind.ts";

/** The served definition of a kind, by `apps/v1 Deployment` or just `Pod`. */
export function kindOf(name: string): KindDefinition {
  const [groupVersion, kindName = groupVersion] = name.split(" ");
  const kind = builtinKinds().find(
    ({ group, version, kind: candidate }) =>
      candidate === kindName &&
      (kindName === groupVersion || groupVersion === (group === "" ? version : `${group}/${version}`)),
  );
  assert.ok(kind, `no kind ${name}`);
  return kind;
}

/** What the server makes of a body on create, up to the point where it would be validated. */
export function created(definition: KindDefinition, body: object): KubernetesObject {
  const { object } = definition.decode({ metadata: { name: "x", namespace: "default" }, ...body }, "Strict", []);
  const prepared = definition.prepareForCreate(definition.applyDefaults(object));
  const identified = {
    ...prepared,
    metadata: { ...prepared.metadata, uid: "uid-1", creationTimestamp: "2026-01-01T00:00:00Z" },
  };
  return definition.completeCreate?.(identified) ?? identified;
}

/** What the server makes of a changed body: `change` starts from the stored object. */
export function updated(
  definition: KindDefinition,
  old: KubernetesObject,
  body: unknown,
  subresource = "",
): KubernetesObject {
  const { object } = definition.decode(body, "Strict", []);
  return definition.prepareForUpdate(definition.applyDefaults(object), old, subresource);
}

/** As `Status.message` shows them. */
export const texts = (errors: readonly FieldError[]): readonly string[] =>
  errors.map(({ field, message }) => `${field}: ${message}`);
