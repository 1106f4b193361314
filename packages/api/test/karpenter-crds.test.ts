import assert from "node:assert/strict";
import { test } from "node:test";
import type { JSONSchemaProps } from "@nodeless/api";
import {
  AWS_NODE_TEMPLATES,
  EC2_NODE_CLASSES,
  karpenterCrds,
  NODE_CLAIMS,
  NODE_POOLS,
  PROVISIONERS,
} from "@nodeless/api";

const TYPES = [NODE_POOLS, NODE_CLAIMS, EC2_NODE_CLASSES, PROVISIONERS, AWS_NODE_TEMPLATES];

function schemaAt(crd: string, path: string): JSONSchemaProps {
  const definition = karpenterCrds().find(({ metadata }) => metadata.name?.startsWith(`${crd}.`));
  let schema = definition?.spec.versions[0]?.schema?.openAPIV3Schema;
  for (const field of path.split("."))
    schema = field === "[]" ? (schema?.items as JSONSchemaProps) : schema?.properties?.[field];
  assert.ok(schema, `${crd} has no ${path}`);
  return schema;
}

test("every resource type has its definition, named as the API server demands", () => {
  const described = karpenterCrds().map(({ metadata, spec }) => [
    metadata.name,
    spec.names.kind,
    spec.versions[0]?.name,
    spec.scope,
    ...(spec.names.categories ?? []),
  ]);
  assert.deepEqual(
    described,
    TYPES.map(({ resource, group, kind, version }) => [`${resource}.${group}`, kind, version, "Cluster", "karpenter"]),
  );
});

/** A structural schema names the type of every node, except where an integer or text may stand. */
function untyped(schema: JSONSchemaProps, path: string): readonly string[] {
  const children: [string, JSONSchemaProps][] = Object.entries(schema.properties ?? {}).map(([key, child]) => [
    `${path}.${key}`,
    child,
  ]);
  if (schema.items !== undefined) children.push([`${path}[]`, schema.items as JSONSchemaProps]);
  if (typeof schema.additionalProperties === "object")
    children.push([`${path}{}`, schema.additionalProperties as JSONSchemaProps]);
  const own = schema.type === undefined && schema["x-kubernetes-int-or-string"] !== true ? [path] : [];
  const missing = (schema.required ?? [])
    .filter((key) => schema.properties?.[key] === undefined)
    .map((key) => `${path}.${key}`);
  return [...own, ...missing, ...children.flatMap(([at, child]) => untyped(child, at))];
}

for (const { metadata, spec } of karpenterCrds())
  test(`${metadata.name} is structural and keeps status apart`, () => {
    const [version] = spec.versions;
    assert.deepEqual(untyped(version?.schema?.openAPIV3Schema ?? {}, ""), []);
    assert.deepEqual(version?.subresources?.status, {});
    assert.ok(version?.additionalPrinterColumns?.some(({ name }) => name === "Age"));
  });

for (const { crd, path, field, value } of [
  { crd: "nodepools", path: "spec.disruption", field: "default", value: { consolidateAfter: "0s" } },
  { crd: "nodepools", path: "spec.disruption.budgets", field: "default", value: [{ nodes: "10%" }] },
  { crd: "nodepools", path: "spec.disruption.budgets", field: "maxItems", value: 50 },
  { crd: "nodepools", path: "spec.template.spec.expireAfter", field: "default", value: "720h" },
  { crd: "nodepools", path: "spec.template.spec.requirements", field: "maxItems", value: 100 },
  {
    crd: "nodepools",
    path: "spec.template.spec.requirements.[].operator",
    field: "enum",
    value: ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"],
  },
  { crd: "nodepools", path: "spec.weight", field: "maximum", value: 100 },
  { crd: "nodeclaims", path: "spec", field: "required", value: ["nodeClassRef", "requirements"] },
  { crd: "ec2nodeclasses", path: "spec.subnetSelectorTerms", field: "maxItems", value: 30 },
  { crd: "ec2nodeclasses", path: "spec.metadataOptions.httpPutResponseHopLimit", field: "default", value: 1 },
  { crd: "ec2nodeclasses", path: "spec.kubelet", field: "x-kubernetes-preserve-unknown-fields", value: true },
  {
    crd: "provisioners",
    path: "spec.requirements.[].operator",
    field: "enum",
    value: ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
  },
  { crd: "provisioners", path: "spec.provider", field: "x-kubernetes-preserve-unknown-fields", value: true },
  { crd: "awsnodetemplates", path: "spec.metadataOptions", field: "default", value: undefined },
] as const)
  test(`${crd} ${path} ${field}`, () => assert.deepEqual(schemaAt(crd, path)[field], value));

for (const { path, accepts, refuses } of [
  { path: "spec.template.spec.expireAfter", accepts: ["720h", "1h30m", "Never"], refuses: ["", "30", "1d", "never"] },
  { path: "spec.template.spec.terminationGracePeriod", accepts: ["48h"], refuses: ["Never"] },
  { path: "spec.disruption.budgets.[].nodes", accepts: ["0", "25", "100%", "5%"], refuses: ["101%", "-1", "10 %"] },
  { path: "spec.disruption.budgets.[].duration", accepts: ["8h", "1h30m", "90m", "10m0s"], refuses: ["90s", "1d"] },
  {
    path: "spec.disruption.budgets.[].schedule",
    accepts: ["@daily", "0 9 * * mon-fri"],
    refuses: ["daily", "0 9 * *"],
  },
  { path: "spec.template.spec.taints.[].key", accepts: ["example.com/a", "a_b"], refuses: ["", "/a", "a b"] },
])
  test(`nodepools ${path} pattern`, () => {
    const schema = schemaAt("nodepools", path);
    const pattern = new RegExp(schema.pattern ?? "never");
    assert.deepEqual(
      accepts.filter((value) => !pattern.test(value)),
      [],
    );
    assert.deepEqual(
      refuses.filter((value) => pattern.test(value)),
      [],
    );
  });

test("limits take text and numbers", () => {
  const limits = schemaAt("nodepools", "spec.limits").additionalProperties as JSONSchemaProps;
  assert.equal(limits["x-kubernetes-int-or-string"], true);
  for (const quantity of ["1000", "1.5Gi", "250m", "1e3"])
    assert.match(quantity, new RegExp(limits.pattern ?? "never"));
});

test("kubectl get and scale know the pools", () => {
  const [nodePools, , classes] = karpenterCrds();
  assert.deepEqual(nodePools?.spec.versions[0]?.subresources?.scale, {
    specReplicasPath: ".spec.replicas",
    statusReplicasPath: ".status.nodes",
  });
  const columns = nodePools?.spec.versions[0]?.additionalPrinterColumns?.map(
    ({ name, priority }) => `${name}${priority === 1 ? "*" : ""}`,
  );
  assert.deepEqual(columns, ["NodeClass", "Nodes", "Ready", "Age", "Weight*", "CPU*", "Memory*"]);
  assert.deepEqual(classes?.spec.names.shortNames, ["ec2nc", "ec2ncs"]);
});
