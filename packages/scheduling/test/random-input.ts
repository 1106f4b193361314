import type { Pod, PodSpec } from "@nodeless/api";
import type { SchedulingInput } from "@nodeless/scheduling";
import fc from "fast-check";
import {
  CAPACITY_TYPE,
  existingNode,
  HOSTNAME,
  input,
  nodePool,
  onOwnHost,
  pod,
  spread,
  times,
  together,
  ZONE,
} from "./fixture.ts";

const app = fc.constantFrom("web", "api", "db");
const key = fc.constantFrom(ZONE, HOSTNAME);

const rule: fc.Arbitrary<Partial<PodSpec>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc.tuple(app, key).map(([name, topologyKey]) => onOwnHost({ app: name }, topologyKey)),
  fc.tuple(app, key).map(([name, topologyKey]) => together({ app: name }, topologyKey)),
  fc
    .tuple(
      app,
      key,
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom("DoNotSchedule", "ScheduleAnyway"),
      fc.constantFrom(0, 4),
    )
    .map(([name, topologyKey, maxSkew, whenUnsatisfiable, minDomains]) =>
      spread({ app: name }, topologyKey, { maxSkew, whenUnsatisfiable, ...(minDomains > 0 ? { minDomains } : {}) }),
    ),
  fc.constantFrom<Partial<PodSpec>>(
    { nodeSelector: { [ZONE]: "b" } },
    { nodeSelector: { "kubernetes.io/arch": "arm64" } },
    { nodeSelector: { team: "x" } },
    { nodeSelector: { unknown: "y" } },
    { tolerations: [{ key: "dedicated", operator: "Exists" }] },
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "karpenter.k8s.aws/instance-cpu", operator: "Gt", values: ["100"] }] },
              { matchExpressions: [{ key: "karpenter.k8s.aws/instance-cpu", operator: "Gt", values: ["10"] }] },
            ],
          },
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: ZONE, operator: "In", values: ["c"] }] } },
            { weight: 5, preference: { matchExpressions: [{ key: ZONE, operator: "In", values: ["nowhere"] }] } },
          ],
        },
      },
    },
  ),
);

const group: fc.Arbitrary<readonly Pod[]> = fc
  .record({
    name: app,
    count: fc.integer({ min: 1, max: 12 }),
    cpu: fc.constantFrom("100m", "500m", "1", "3", "7", "90"),
    memory: fc.constantFrom("128Mi", "1Gi", "6Gi", "30Gi"),
    port: fc.constantFrom(undefined, undefined, undefined, 8080),
    rule,
    namespace: fc.constantFrom("default", "other"),
  })
  .map(({ name, count, port, rule: spec, ...more }) =>
    times(count, () =>
      pod({ ...more, labels: { app: name }, spec, ...(port === undefined ? {} : { hostPort: port }) }),
    ),
  );

const daemon = pod({ name: "daemon", cpu: "150m", memory: "100Mi", spec: { tolerations: [{ operator: "Exists" }] } });
const armDaemon = pod({
  name: "arm",
  cpu: "50m",
  memory: "1Mi",
  spec: { nodeSelector: { "kubernetes.io/arch": "arm64" } },
});

/** Small clusters with every kind of rule: a few pools, nodes with residents, and groups of equal pods. */
export const randomInput: fc.Arbitrary<SchedulingInput> = fc
  .record({
    groups: fc.array(group, { minLength: 1, maxLength: 6 }),
    residents: fc.array(group, { maxLength: 3 }),
    limited: fc.boolean(),
    tainted: fc.boolean(),
    manyTypes: fc.boolean(),
  })
  .map(({ groups, residents, limited, tainted, manyTypes }) =>
    input({
      pods: groups.flat(),
      daemonSetPods: [daemon, armDaemon],
      existingNodes: residents.map((pods, index) =>
        existingNode({
          name: `node-${index}`,
          zone: ["a", "b", "c"][index] ?? "a",
          labels: index === 1 ? { team: "x" } : {},
          cpu: "8",
          pods: pods
            .slice(0, 3)
            .map((one) => ({ ...one, metadata: { ...one.metadata, name: `old-${one.metadata.name}` } })),
        }),
      ),
      nodePools: [
        nodePool({
          name: "first",
          weight: 10,
          labels: { team: "x" },
          ...(limited ? { limits: { cpu: "40", nodes: "3" } } : {}),
          ...(tainted ? { taints: [{ key: "dedicated", value: "x", effect: "NoSchedule" }] } : {}),
        }),
        nodePool({
          name: "second",
          wants: [
            { key: CAPACITY_TYPE, operator: "In", values: ["spot", "on-demand"] },
            ...(manyTypes ? [{ key: "node.kubernetes.io/instance-type", operator: "Exists", minValues: 3 }] : []),
          ],
          taints: tainted ? [] : [{ key: "soft", effect: "PreferNoSchedule" }],
        }),
      ],
    }),
  );
