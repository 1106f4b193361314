import type { ControllerRevision, LabelSelector, ResourceType } from "@nodeless/api";
import { CONTROLLER_REVISIONS } from "@nodeless/api";
import { isAlreadyExists, isNotFound } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { claimObjects } from "../workload/claim-objects.ts";
import { isControlledBy } from "../workload/controller-ref.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { planHistory, superfluousRevisions, type TemplateOwner } from "./plan-history.ts";

interface SelectingOwner extends TemplateOwner {
  readonly spec: TemplateOwner["spec"] & { readonly selector: LabelSelector; readonly revisionHistoryLimit?: number };
}

/** The owner's revisions and the one of its present template. */
export interface History {
  readonly current: ControllerRevision;
  readonly all: readonly ControllerRevision[];
}

/** The hash is taken by another template: the owner must count a collision and try again. */
export class RevisionCollisionError extends Error {
  override readonly name = "RevisionCollisionError";
}

/** Makes sure that the owner's template has a ControllerRevision, the newest one. Throws {@link RevisionCollisionError}. */
export async function keepHistory<Owner extends SelectingOwner>(
  context: ControllerContext,
  {
    owner,
    ownerType,
    hashLabel,
  }: { readonly owner: Owner; readonly ownerType: ResourceType<Owner>; readonly hashLabel: string },
): Promise<History> {
  const client = context.client.resource(CONTROLLER_REVISIONS);
  const all = await claimObjects(context, {
    owner,
    ownerType,
    type: CONTROLLER_REVISIONS,
    selector: owner.spec.selector,
  });
  const plan = planHistory(owner, all, hashLabel);
  switch (plan.kind) {
    case "current":
      return { current: plan.revision, all };
    case "renumber": {
      const current = await client.update({ ...plan.revision, revision: plan.number });
      return { current, all: all.map((one) => (one.metadata.uid === current.metadata.uid ? current : one)) };
    }
    case "create":
      try {
        const current = await client.create(plan.revision);
        return { current, all: [...all, current] };
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        const taken = await client.get({
          namespace: owner.metadata.namespace,
          name: plan.revision.metadata.name ?? "",
        });
        if (isControlledBy(taken, owner) && semanticallyEqual(taken.data, plan.revision.data))
          return { current: taken, all: [...all, taken] };
        throw new RevisionCollisionError(`revision name ${taken.metadata.name} is taken by another template`);
      }
  }
}

/** Deletes history beyond the owner's revisionHistoryLimit. */
export async function trimHistory(
  { client }: ControllerContext,
  { spec }: SelectingOwner,
  { all, live }: { readonly all: readonly ControllerRevision[]; readonly live: ReadonlySet<string> },
): Promise<void> {
  for (const { metadata } of superfluousRevisions(all, live, spec.revisionHistoryLimit ?? 10)) {
    try {
      await client.resource(CONTROLLER_REVISIONS).delete(metadata, { uid: metadata.uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
