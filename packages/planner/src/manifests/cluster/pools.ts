import {
  awsNodeTemplateLosses,
  convertAwsNodeTemplate,
  convertProvisioner,
  type EC2NodeClass,
  type NodePool,
  type Provisioner,
  provisionerLosses,
  validateNodePool,
} from "@nodeless/api";
import { defaultPool } from "@nodeless/eks/spec";
import type { InputNotice } from "../../contract.ts";
import { type ParsedDocument, placeOf, reporter, subjectOf } from "../documents/parsed-document.ts";
import type { Checked, ObjectSet } from "../expansion/object-set.ts";
import type { ProblemList } from "../problem.ts";
import { reportFields } from "../schema/check-document.ts";

/** What nodes may be launched from. */
export interface Pools {
  readonly nodePools: readonly NodePool[];
  readonly nodeClasses: readonly EC2NodeClass[];
  readonly notices: readonly InputNotice[];
}

export interface PoolOptions {
  readonly problems: ProblemList;
  readonly defaultInstanceProfile: string | undefined;
  /** Names of node classes in the input, those with problems among them. */
  readonly classNames: ReadonlySet<string>;
}

/**
 * Pools and node classes of both generations as one. Of two pools of one name the NodePool counts, and the Provisioner is left out.
 * Without any pool: the one of `nodeless up`.
 */
export function planPools(objects: ObjectSet, options: PoolOptions): Pools {
  const notices: InputNotice[] = [];
  const note = ({ at, ...document }: ParsedDocument, message: string): void =>
    void notices.push({ subject: subjectOf(document), at, message });
  const nodePools = [...objects.objects("NodePool"), ...convertedPools(objects, note, options.problems)];
  const nodeClasses = [...objects.objects("EC2NodeClass"), ...convertedClasses(objects, note, options)];
  if (nodePools.length === 0 && objects.of("NodePool").length + objects.of("Provisioner").length === 0) {
    const [nodeClass, pool] = upPool();
    const classes = options.classNames.has(nodeClass.metadata.name) ? nodeClasses : [...nodeClasses, nodeClass];
    return { nodePools: [pool], nodeClasses: classes, notices };
  }
  noteMissingClasses(nodePools, options.classNames, notices);
  return { nodePools, nodeClasses, notices };
}

type Note = (document: ParsedDocument, message: string) => void;

function convertedPools(objects: ObjectSet, note: Note, problems: ProblemList): readonly NodePool[] {
  const modern = new Map(objects.of("NodePool").map((one) => [one.document.name, one.document]));
  return objects.of("Provisioner").flatMap((one): readonly NodePool[] => {
    const { document, object } = one;
    const hiddenBy = modern.get(document.name);
    if (hiddenBy !== undefined) {
      note(document, `is hidden by the NodePool of the same name at ${placeOf(hiddenBy)}`);
      return [];
    }
    for (const loss of provisionerLosses(object)) note(document, loss);
    const pool = convertProvisioner(object);
    // Labels and requirements keep their places under other paths; the nearest line is good enough.
    const errors = validateNodePool(pool).map(({ path, message }) => ({ path: oldPath(path), message }));
    reportFields(errors, reporter(document, problems));
    return [pool];
  });
}

/** Where a field of the NodePool stood in the Provisioner. */
function oldPath(path: string): string {
  return path
    .replace("spec.template.spec.", "spec.")
    .replace("spec.template.metadata.", "spec.")
    .replace(/^spec\.limits\./, "spec.limits.resources.")
    .replace(/^spec\.nodeClassRef/, "spec.providerRef");
}

function convertedClasses(objects: ObjectSet, note: Note, options: PoolOptions): readonly EC2NodeClass[] {
  const modern = new Map(objects.of("EC2NodeClass").map((one) => [one.document.name, one.document]));
  const provisioners = [...objects.of("Provisioner")].sort((a, b) => (a.document.name < b.document.name ? -1 : 1));
  return objects.of("AWSNodeTemplate").flatMap(({ document, object }): readonly EC2NodeClass[] => {
    const hiddenBy = modern.get(document.name);
    if (hiddenBy !== undefined) {
      note(document, `is hidden by the EC2NodeClass of the same name at ${placeOf(hiddenBy)}`);
      return [];
    }
    for (const loss of awsNodeTemplateLosses(object)) note(document, loss);
    const kubelet = kubeletFor(document.name, provisioners);
    const { defaultInstanceProfile } = options;
    return [
      convertAwsNodeTemplate(object, {
        ...(kubelet === undefined ? {} : { kubelet }),
        ...(defaultInstanceProfile === undefined ? {} : { defaultInstanceProfile }),
      }),
    ];
  });
}

/** Kubelet settings moved from the Provisioner to the class: those of the first, by name, that refers to the template. */
function kubeletFor(
  template: string,
  provisioners: readonly Checked<"Provisioner">[],
): Provisioner["spec"]["kubeletConfiguration"] {
  return provisioners.find(
    ({ object: { spec } }) => spec.providerRef?.name === template && spec.kubeletConfiguration !== undefined,
  )?.object.spec.kubeletConfiguration;
}

function noteMissingClasses(pools: readonly NodePool[], classNames: ReadonlySet<string>, notices: InputNotice[]): void {
  for (const { metadata, spec } of pools) {
    const { kind, name } = spec.template.spec.nodeClassRef;
    if (!classNames.has(name))
      notices.push({
        subject: `NodePool ${metadata.name}`,
        at: undefined,
        message: `${kind} ${name} is not in the input; planned with the defaults of a node class`,
      });
  }
}

/** The pool and class of a cluster that was told nothing about pools. */
function upPool(): readonly [EC2NodeClass, NodePool] {
  const complete = (object: unknown): unknown => {
    const fresh = object as NodePool | EC2NodeClass;
    const { name } = fresh.metadata;
    const metadata = {
      uid: `${fresh.kind}:${name}`,
      resourceVersion: "",
      creationTimestamp: "1970-01-01T00:00:00Z",
      name,
    };
    return { ...fresh, metadata };
  };
  const [nodeClass, pool] = defaultPool({
    clusterName: "nodeless",
    nodeRoleName: "nodeless-node",
    consolidateAfter: "1m",
  });
  return [complete(nodeClass) as EC2NodeClass, complete(pool) as NodePool];
}
