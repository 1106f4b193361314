import type { Fresh, KubernetesObject } from "@nodeless/api";
import { applyObject, ResourceFinder } from "../kubernetes/apply.ts";
import { defaultPool } from "../provisioner/default-pool.ts";
import type { FileManifest } from "../spec/cluster-file/parse-cluster-file.ts";
import { fact, type Step, type StepContext } from "./step.ts";

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

async function applyAll(
  context: StepContext,
  objects: readonly Fresh<KubernetesObject>[],
  place: (object: Fresh<KubernetesObject>) => string,
): ReturnType<Step["run"]> {
  const client = fact(context, "kubernetes");
  const finder = new ResourceFinder(client);
  let changes = 0;
  for (const object of objects) {
    try {
      if ((await applyObject(client, finder, object)) !== "unchanged") changes += 1;
    } catch (cause) {
      throw new Error(place(object), { cause: withRemedy(cause) });
    }
  }
  return {
    change: changes > 0 ? "created" : "unchanged",
    detail: objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", "),
  };
}

/** The server's words, and what to do where it is the same for everybody. */
function withRemedy(cause: unknown): unknown {
  const namespace = cause instanceof Error ? /^namespaces "(.+)" not found$/.exec(cause.message)?.[1] : undefined;
  if (namespace === undefined) return cause;
  return new Error(
    `namespace ${JSON.stringify(namespace)} does not exist: put a Namespace of that name before it in the file`,
  );
}

function placeOf(object: Fresh<KubernetesObject>, manifests: readonly FileManifest[]): string {
  const manifest = manifests.find((candidate) => candidate.object === object);
  const name = `${object.kind} ${object.metadata.name ?? object.metadata.generateName ?? ""}`;
  return manifest === undefined ? name : `${manifest.file}:${manifest.line}: ${name}`;
}
