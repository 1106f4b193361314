import {
  convertAwsNodeTemplate,
  convertProvisioner,
  type EC2NodeClass,
  LABELS,
  type Node,
  type NodeClaim,
  type NodePool,
  type Pod,
} from "@nodeless/api";
import { podKeyOf } from "@nodeless/scheduling";
import type { PlanInput, SourceDocument } from "../contract.ts";
import { missingClaims } from "../manifests/cluster/missing-claims.ts";
import { isFinished, type LiveObjects, nodeNameOf } from "./live-objects.ts";

/** What is to be planned of a running cluster. */
export interface LiveQuestion {
  /** Pods to place, whether they have a node or not; the others stay where they are. */
  readonly place: readonly Pod[];
  /** Nodes that are left out, their pods with them. Default: none. */
  readonly without?: ReadonlySet<string>;
}

/**
 * A running cluster as the input of a plan: what runs is bound to nodes that exist, what is asked about is still to be placed. Claims
 * whose node has not come yet count as nodes. Pure.
 */
export function liveInput(objects: LiveObjects, { place, without = new Set() }: LiveQuestion): PlanInput {
  const asked = new Set(place.map(podKeyOf));
  const nodes = [...objects.nodes, ...comingNodes(objects)].filter(({ metadata }) => !without.has(metadata.name));
  const names = new Set(nodes.map(({ metadata }) => metadata.name));
  const pools = livePools(objects);
  const pods = place.map(unbound);
  return {
    pods,
    nodes,
    boundPods: objects.pods.filter(
      (pod) => !asked.has(podKeyOf(pod)) && !isFinished(pod) && names.has(nodeNameOf(pod) ?? ""),
    ),
    daemonSets: objects.daemonSets,
    nodePools: pools.nodePools,
    nodeClasses: liveNodeClasses(objects),
    fargateProfiles: objects.fargateProfiles,
    region: undefined,
    namespaceLabels: new Map(objects.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    persistentVolumeClaims: objects.persistentVolumeClaims,
    persistentVolumes: objects.persistentVolumes,
    storageClasses: objects.storageClasses,
    csiNodes: objects.csiNodes,
    podDisruptionBudgets: [],
    services: [],
    documents: pools.documents,
    podSources: new Map(),
    notices: missingClaims(pods, { claims: objects.persistentVolumeClaims, sources: new Map() }),
  };
}

/** The pod as it was before it got a node. */
export function unbound(pod: Pod): Pod {
  const { nodeName: _bound, ...spec } = pod.spec;
  return { ...pod, spec };
}

/** NodePools, and Provisioners that no NodePool of the same name hides. */
function livePools({ nodePools, provisioners }: LiveObjects): {
  readonly nodePools: readonly NodePool[];
  readonly documents: readonly SourceDocument[];
} {
  const names = new Set(nodePools.map(({ metadata }) => metadata.name));
  const old = provisioners.filter(({ metadata }) => !names.has(metadata.name));
  return {
    nodePools: [...nodePools, ...old.map((one) => convertProvisioner(one))],
    documents: old.map(({ apiVersion, kind, metadata }) => ({
      at: { file: "cluster", line: 1 },
      apiVersion,
      kind,
      namespace: undefined,
      name: metadata.name,
      object: {},
      lineOf: () => 1,
    })),
  };
}

function liveNodeClasses({ nodeClasses, awsNodeTemplates, provisioners }: LiveObjects): readonly EC2NodeClass[] {
  const names = new Set(nodeClasses.map(({ metadata }) => metadata.name));
  return [
    ...nodeClasses,
    ...awsNodeTemplates
      .filter(({ metadata }) => !names.has(metadata.name))
      .map((template) => {
        const kubelet = provisioners.find(({ spec }) => spec.providerRef?.name === template.metadata.name)?.spec
          .kubeletConfiguration;
        return convertAwsNodeTemplate(template, kubelet === undefined ? {} : { kubelet });
      }),
  ];
}

/** Claims without a node, as the nodes that they promise. */
function comingNodes({ nodes, nodeClaims }: LiveObjects): readonly Node[] {
  const providers = new Set(nodes.flatMap(({ spec }) => spec?.providerID ?? []));
  return nodeClaims
    .filter(
      ({ status, metadata }) => !providers.has(status?.providerID ?? "") && metadata.deletionTimestamp === undefined,
    )
    .map(
      ({ metadata, spec, status }: NodeClaim): Node => ({
        apiVersion: "v1",
        kind: "Node",
        metadata: { ...metadata, labels: { ...metadata.labels, [LABELS.hostname]: metadata.name } },
        spec: { taints: spec.taints ?? [] },
        status: {
          capacity: status?.capacity ?? spec.resources?.requests ?? {},
          allocatable: status?.allocatable ?? spec.resources?.requests ?? {},
        },
      }),
    );
}
