import type { Pod, PodSpec } from "@nodeless/api";
import type { SchedulingInput, SchedulingNodePool } from "@nodeless/scheduling";
import fc from "fast-check";
import {
  CAPACITY_TYPE,
  existingNode,
  HOSTNAME,
  input,
  instanceType,
  nodePool,
  onOwnHost,
  pod,
  spread,
  TYPES,
  times,
  together,
  ZONE,
  ZONES,
} from "./fixture.ts";

const app = fc.constantFrom("web", "api", "db");
const topologyKey = fc.constantFrom(ZONE, ZONE, HOSTNAME, CAPACITY_TYPE, "team");

const spreadRule = fc
  .record({
    app,
    key: topologyKey,
    maxSkew: fc.integer({ min: 1, max: 3 }),
    whenUnsatisfiable: fc.constantFrom("DoNotSchedule", "ScheduleAnyway"),
    minDomains: fc.constantFrom(undefined, undefined, 2, 4),
    nodeAffinityPolicy: fc.constantFrom(undefined, "Ignore", "Honor"),
    nodeTaintsPolicy: fc.constantFrom(undefined, undefined, "Honor"),
  })
  .map(({ app: name, key, minDomains, nodeAffinityPolicy, nodeTaintsPolicy, ...more }) =>
    spread({ app: name }, key, {
      ...more,
      ...(minDomains === undefined ? {} : { minDomains }),
      ...(nodeAffinityPolicy === undefined ? {} : { nodeAffinityPolicy }),
      ...(nodeTaintsPolicy === undefined ? {} : { nodeTaintsPolicy }),
    }),
  );

const preferred = (kind: "podAffinity" | "podAntiAffinity", name: string, key: string): Partial<PodSpec> => ({
  affinity: {
    [kind]: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 10, podAffinityTerm: { topologyKey: key, labelSelector: { matchLabels: { app: name } } } },
      ],
    },
  },
});

const topologyRule: fc.Arbitrary<Partial<PodSpec>> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  { weight: 4, arbitrary: spreadRule },
  { weight: 2, arbitrary: fc.tuple(app, topologyKey).map(([name, key]) => onOwnHost({ app: name }, key)) },
  {
    weight: 1,
    arbitrary: fc.tuple(app, fc.constantFrom(ZONE, ZONE, HOSTNAME)).map(([name, key]) => together({ app: name }, key)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("podAffinity" as const, "podAntiAffinity" as const), app, topologyKey)
      .map(([kind, name, key]) => preferred(kind, name, key)),
  },
);

const zones = (...lists: readonly (readonly string[])[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: lists.map((values) => ({ matchExpressions: [{ key: ZONE, operator: "In", values }] })),
      },
    },
  },
});

const pin: fc.Arbitrary<Partial<PodSpec>> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  fc.constantFrom<Partial<PodSpec>>(
    { nodeSelector: { [ZONE]: "b" } },
    { nodeSelector: { [CAPACITY_TYPE]: "on-demand" } },
    { nodeSelector: { "kubernetes.io/arch": "arm64" } },
    { nodeSelector: { "kubernetes.io/arch": "amd64", [ZONE]: "c" } },
    { nodeSelector: { team: "x" } },
    { nodeSelector: { team: "y" } },
    { nodeSelector: { "topology.kubernetes.io/region": "here" } },
    { nodeSelector: { unknown: "y" } },
    zones(["a", "b"]),
    zones(["nowhere"], ["c"]),
  ),
);

const toleration: fc.Arbitrary<Partial<PodSpec>> = fc.constantFrom(
  {},
  {},
  { tolerations: [{ key: "dedicated", operator: "Exists" }] },
);

const group: fc.Arbitrary<readonly Pod[]> = fc
  .record({
    name: app,
    count: fc.integer({ min: 1, max: 14 }),
    cpu: fc.constantFrom("50m", "250m", "500m", "1", "3", "7"),
    memory: fc.constantFrom("128Mi", "1Gi", "6Gi", "30Gi"),
    port: fc.constantFrom(undefined, undefined, undefined, undefined, 8080, 9090),
    topology: topologyRule,
    placement: pin,
    tolerated: toleration,
    namespace: fc.constantFrom("default", "default", "other"),
  })
  .map(({ name, count, port, topology, placement, tolerated, ...more }) =>
    times(count, () =>
      pod({
        ...more,
        labels: { app: name },
        spec: { ...topology, ...placement, ...tolerated, ...mergedAffinity(topology, placement) },
        ...(port === undefined ? {} : { hostPort: port }),
      }),
    ),
  );

function mergedAffinity(a: Partial<PodSpec>, b: Partial<PodSpec>): Partial<PodSpec> {
  return a.affinity === undefined || b.affinity === undefined ? {} : { affinity: { ...a.affinity, ...b.affinity } };
}

const daemon = pod({ name: "daemon", cpu: "150m", memory: "100Mi", spec: { tolerations: [{ operator: "Exists" }] } });
const portDaemon = pod({ name: "exporter", cpu: "10m", memory: "1Mi", hostPort: 9090 });

/** On-demand everywhere the same, spot different by zone. */
const SPOT_TYPES = TYPES.map((type, index) => ({
  ...type,
  offerings: type.offerings.map((offering) =>
    offering.capacityType === "spot"
      ? {
          ...offering,
          priceUsdPerHour:
            offering.priceUsdPerHour * (1 + ((index * 7 + ZONES.indexOf(offering.zone as "a") * 5) % 9) / 20),
        }
      : offering,
  ),
}));

const pools: fc.Arbitrary<readonly SchedulingNodePool[]> = fc
  .record({
    weights: fc.constantFrom([0, 0], [10, 0]),
    tainted: fc.boolean(),
    limited: fc.constantFrom(false, false, true),
    minValues: fc.constantFrom(false, false, true),
    team: fc.constantFrom(["x"], ["x", "y"], ["y", "z"]),
    spot: fc.boolean(),
    single: fc.constantFrom(false, false, true),
  })
  .map(({ weights, tainted, limited, minValues, team, spot, single }) => {
    const first = nodePool({
      name: "first",
      weight: weights[0] ?? 0,
      wants: [
        { key: "team", operator: "In", values: [...team] },
        { key: CAPACITY_TYPE, operator: "In", values: spot ? ["spot", "on-demand"] : ["on-demand"] },
      ],
      instanceTypes: SPOT_TYPES,
      ...(limited ? { limits: { cpu: "60", nodes: "5" } } : {}),
      ...(tainted ? { taints: [{ key: "dedicated", value: "x", effect: "NoSchedule" }] } : {}),
    });
    const second = nodePool({
      name: "second",
      weight: weights[1] ?? 0,
      wants: [
        { key: CAPACITY_TYPE, operator: "In", values: ["on-demand"] },
        { key: ZONE, operator: "In", values: ["a", "b"] },
        ...(minValues ? [{ key: "node.kubernetes.io/instance-type", operator: "Exists", minValues: 3 }] : []),
      ],
      instanceTypes: [...TYPES, instanceType("m", 96)],
      taints: tainted ? [] : [{ key: "soft", effect: "PreferNoSchedule" }],
    });
    return single ? [second] : [first, second];
  });

/**
 * Small clusters that meet every branch of the lowering: pins, preferences, spreads over zones, hosts and other labels, affinity of all
 * kinds, host ports, taints, weights, limits, minValues, labels left open, nodes with residents.
 */
export const loweringInput: fc.Arbitrary<SchedulingInput> = fc
  .record({
    groups: fc.array(group, { minLength: 1, maxLength: 6 }),
    residents: fc.array(group, { maxLength: 3 }),
    nodePools: pools,
    exporter: fc.boolean(),
  })
  .map(({ groups, residents, nodePools, exporter }) =>
    input({
      pods: groups.flat(),
      nodePools,
      daemonSetPods: exporter ? [daemon, portDaemon] : [daemon],
      existingNodes: residents.map((pods, index) =>
        existingNode({
          name: `node-${index}`,
          zone: ZONES[index] ?? "a",
          labels: { ...(index === 1 ? { team: "x" } : {}), [CAPACITY_TYPE]: index === 2 ? "spot" : "on-demand" },
          cpu: "8",
          taints: index === 2 ? [{ key: "dedicated", effect: "NoSchedule" }] : [],
          pods: pods
            .slice(0, 3)
            .map((one) => ({ ...one, metadata: { ...one.metadata, name: `old-${one.metadata.name}` } })),
        }),
      ),
    }),
  );
