import type { CustomResourceDefinition } from "@nodeless/api";
import { validateCrd, validateCrdUpdate } from "../../crd/index.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { CREATED_AT_COLUMNS } from "../columns/access.ts";

/** Source of the defaults: apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go. */
export const CUSTOM_RESOURCE_DEFINITION: AnyBehaviour = behaviour<CustomResourceDefinition>({
  applyDefaults({ spec }) {
    spec.conversion ??= { strategy: "None" };
    const { names } = spec;
    if (names?.kind === undefined) return;
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  },
  validate(crd, errors) {
    for (const error of validateCrd(crd)) errors.add(error);
  },
  validateUpdate(crd, old, errors) {
    for (const error of validateCrdUpdate(crd, old)) errors.add(error);
  },
  columns: CREATED_AT_COLUMNS,
});
