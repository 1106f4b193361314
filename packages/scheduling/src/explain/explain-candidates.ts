import type { PlannedClaim, Rejection, SchedulingInput, SchedulingNodePool } from "../model.ts";
import { attachmentMessage } from "../packing/explain-unplaced.ts";
import type { NodeState } from "../packing/node-placement.ts";
import { violatedOnNode } from "../packing/node-placement.ts";
import { PlacementAttempt } from "../packing/placement-attempt.ts";
import { planScheduling } from "../packing/plan-scheduling.ts";
import type { ShapeModel, VariantModel } from "../packing/planning-model.ts";
import { nodeVerdict, planningModel } from "../packing/planning-model.ts";
import { isAttachment } from "../packing/resource-table.ts";
import { LIKE_KARPENTER } from "../packing/strategies.ts";
import { compareText } from "../requirements/requirements.ts";
import { formatAmount } from "../resources/amounts.ts";
import { firstPortConflict } from "../resources/host-ports.ts";
import { describeGroup } from "../topology/topology-state.ts";
import { type SettledPlan, settledInput } from "./settled-input.ts";

/** Which rule keeps a pod off, in a sentence with the numbers. */
export type Refusal = Pick<Rejection, "rule" | "message">;

/** What a node says to a pod, everything else being in its place. */
export interface NodeAnswer {
  readonly node: string;
  /** Undefined: there is room for the pod. */
  readonly refusal: Refusal | undefined;
}

/** What a NodePool says to a pod that asks for a node of its own. */
export interface PoolAnswer {
  readonly pool: SchedulingNodePool;
  readonly refusal: Refusal | undefined;
  /** The node that would be launched for the pod alone; undefined when refused. */
  readonly claim: PlannedClaim | undefined;
}

export interface CandidateAnswers {
  /** Existing nodes, then those of the plan, each the way {@link SettledPlan.nameOf} calls it. */
  readonly nodes: readonly NodeAnswer[];
  /** In the order in which they are asked: by weight, then by name. */
  readonly pools: readonly PoolAnswer[];
}

/**
 * Asks every node and every pool about one pod of a plan, each as if it were the only one, with all other pods where the plan puts them. Its
 * own node is among them and answers as if the pod came anew. Pure.
 */
export function explainCandidates(input: SchedulingInput, settled: SettledPlan): CandidateAnswers {
  const asked = settledInput(input, settled);
  const pools = [...asked.nodePools].sort((a, b) => b.weight - a.weight || compareText(a.name, b.name));
  return { nodes: nodeAnswers(asked), pools: pools.map((pool) => poolAnswer(asked, pool)) };
}

function nodeAnswers(input: SchedulingInput): readonly NodeAnswer[] {
  const model = planningModel(input);
  const attempt = new PlacementAttempt(model, LIKE_KARPENTER);
  const [shape] = model.shapes;
  if (shape === undefined) return [];
  const refusals = new Map(
    attempt.nodes.map((state) => [state.model.node.name, refusalOfNode(state, shape, attempt)] as const),
  );
  return input.existingNodes.map(({ name }) => ({ node: name, refusal: refusals.get(name) }));
}

/** The reason is that of the pod with all its preferences given up: without them it is nearest to a place. */
function refusalOfNode(state: NodeState, shape: ShapeModel, attempt: PlacementAttempt): Refusal | undefined {
  let refusal: Refusal | undefined;
  for (const variant of shape.variants) {
    refusal = refusalOfVariant(state, { shape, variant, attempt });
    if (refusal === undefined) return undefined;
  }
  return refusal;
}

function refusalOfVariant(
  { model, ports, used }: NodeState,
  {
    shape,
    variant,
    attempt,
  }: { readonly shape: ShapeModel; readonly variant: VariantModel; readonly attempt: PlacementAttempt },
): Refusal | undefined {
  const verdict = nodeVerdict(variant, model);
  if (verdict !== undefined)
    return { rule: verdict.startsWith("does not tolerate") ? "taints" : "requirements", message: verdict };
  const port = firstPortConflict(shape.shape.ports, ports);
  if (port !== undefined) return { rule: "host-ports", message: `host port ${port.port}/${port.protocol} is taken` };
  for (const [index, resource] of attempt.model.resources.names.entries()) {
    const asked = shape.requests[index] ?? 0;
    const left = Math.max(0, (model.remaining[index] ?? 0) - (used[index] ?? 0));
    if (asked > left && isAttachment(resource))
      return { rule: "volumes", message: attachmentMessage(resource, { asked, left }) };
    if (asked > left)
      return {
        rule: "resources",
        message: `asks for ${formatAmount(resource, asked)} ${resource}; ${formatAmount(resource, left)} is left`,
      };
  }
  const group = violatedOnNode(model, variant, attempt.topology);
  return group && { rule: "topology", message: `${describeGroup(group)} does not allow it` };
}

/** Existing nodes stay, so that the pods on them count, but have no room: the pool alone is asked. */
function poolAnswer(input: SchedulingInput, pool: SchedulingNodePool): PoolAnswer {
  const { claims, unplaced } = planScheduling({
    ...input,
    nodePools: [pool],
    existingNodes: input.existingNodes.map((node) => ({ ...node, allocatable: new Map() })),
  });
  const rejections = unplaced[0]?.rejections ?? [];
  const refusal = rejections.find(({ candidate }) => candidate === pool.name || candidate === "pod");
  return { pool, refusal: claims[0] === undefined ? (refusal ?? rejections[0]) : undefined, claim: claims[0] };
}
