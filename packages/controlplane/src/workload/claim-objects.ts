import type { KubernetesObject, LabelSelector, ResourceType } from "@nodeless/api";
import type { ControllerContext } from "../controller-context.ts";
import { controllerRef } from "./controller-ref.ts";
import { ignoreMissing } from "./ignore-missing.ts";
import { planClaims } from "./plan-claims.ts";

/** Who claims, what, by which selector. */
export interface ClaimRequest<Owner extends KubernetesObject, T extends KubernetesObject> {
  readonly owner: Owner;
  readonly ownerType: ResourceType<Owner>;
  readonly type: ResourceType<T>;
  readonly selector: LabelSelector | undefined;
}

/** The owner's objects from the shared cache, after adopting matching orphans and releasing those that no longer match. */
export async function claimObjects<Owner extends KubernetesObject, T extends KubernetesObject>(
  context: ControllerContext,
  request: ClaimRequest<Owner, T>,
): Promise<readonly T[]> {
  const { owner, type, selector } = request;
  const plan = planClaims(owner, selector, candidatesOf(context, request));
  if (plan.adopt.length > 0) await assertStillThere(context, request);
  const client = context.client.resource(type);
  const adopted = await Promise.all(
    plan.adopt.map((object) =>
      ignoreMissing(
        client.patch(object.metadata, "strategic", {
          metadata: { uid: object.metadata.uid, ownerReferences: [controllerRef(owner)] },
        }),
      ),
    ),
  );
  await Promise.all(
    plan.release.map((object) =>
      ignoreMissing(
        client.patch(object.metadata, "strategic", {
          metadata: {
            uid: object.metadata.uid,
            ownerReferences: [{ $patch: "delete", uid: owner.metadata.uid }],
          },
        }),
      ),
    ),
  );
  return [...plan.claimed, ...adopted.filter((object) => object !== undefined)];
}

/** Objects the owner controls and orphans of its namespace: nothing else can change hands. */
function candidatesOf<Owner extends KubernetesObject, T extends KubernetesObject>(
  { informers }: ControllerContext,
  { owner, type }: ClaimRequest<Owner, T>,
): readonly T[] {
  const informer = informers.of(type);
  return [
    ...informer.byIndex("controller", owner.metadata.uid),
    ...informer.byIndex("orphansOfNamespace", owner.metadata.namespace ?? ""),
  ];
}

/** The cached owner may be gone already; adopting for a ghost would make the collector delete what it adopted. */
async function assertStillThere<Owner extends KubernetesObject, T extends KubernetesObject>(
  { client }: ControllerContext,
  { owner, ownerType }: ClaimRequest<Owner, T>,
): Promise<void> {
  const live = await client.resource(ownerType).get(owner.metadata);
  if (live.metadata.uid !== owner.metadata.uid || live.metadata.deletionTimestamp !== undefined)
    throw new Error(`${owner.kind} ${owner.metadata.namespace}/${owner.metadata.name} was deleted while adopting`);
}
