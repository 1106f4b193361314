import type { Fresh, KubernetesObject } from "@nodeless/api";
import { defaultPool } from "../provisioner/default-pool.ts";
import type { FileManifest } from "../spec/cluster-file/parse-cluster-file.ts";
import { applyAll } from "./apply-all.ts";
import { fact, type Step } from "./step.ts";

/** The file's pools and node classes, or the default pool when it brings none. */
export function poolsStep(consolidateAfter: string): Step {
  return {
    id: "pools",
    title: "node pools",
    async run(context) {
      const { spec } = context;
      const own = spec.pools.map(({ object }) => object);
      const objects =
        own.length > 0
          ? own
          : defaultPool({ clusterName: spec.name, nodeRoleName: fact(context, "nodeRoleName"), consolidateAfter });
      return applyAll(context, objects, (object) => placeOf(object, spec.pools));
    },
  };
}

/** Everything else of the file, in its order. */
export const workloadsStep: Step = {
  id: "workloads",
  title: "manifests of the file",
  async run(context) {
    const objects = context.spec.workloads.map(({ object }) => object);
    return applyAll(context, objects, (object) => placeOf(object, context.spec.workloads));
  },
};

function placeOf(object: Fresh<KubernetesObject>, manifests: readonly FileManifest[]): string {
  const manifest = manifests.find((candidate) => candidate.object === object);
  const name = `${object.kind} ${object.metadata.name ?? object.metadata.generateName ?? ""}`;
  return manifest === undefined ? name : `${manifest.file}:${manifest.line}: ${name}`;
}
