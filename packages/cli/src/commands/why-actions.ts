import {
  type Explanation,
  explainLiveClaim,
  explainLiveNode,
  explainLivePod,
  explainNode,
  explainPod,
  explanationText,
  LiveContext,
  nearNames,
  type PlanOutcome,
} from "@nodeless/planner";
import { CommandError, UsageError } from "../exit-codes.ts";
import { formatStructured } from "../output/structured.ts";
import type { Terminal } from "../terminal.ts";
import { chosenCatalog } from "./catalog-choice.ts";
import { requireRunning } from "./local-state.ts";
import { printNotices } from "./plan-actions.ts";
import { inputOf, makePlan, planRequest, readSources, tableOptions } from "./plan-making.ts";
import type { WhyFlags } from "./why.ts";
import { readCluster } from "./why-cluster.ts";
import { parseSubject, type Subject } from "./why-subject.ts";

/** `nodeless why` */
export async function runWhy(terminal: Terminal, text: string, flags: WhyFlags): Promise<void> {
  const subject = parseSubject(text);
  if (flags.budget !== undefined) throw new UsageError("--budget is for totals: give it to `nodeless plan`");
  const explanation =
    flags.file.length > 0
      ? await explainInPlan(terminal, subject, flags)
      : await explainInCluster(terminal, subject, flags);
  const { output } = flags;
  terminal.out(
    output === "text"
      ? explanationText(explanation, tableOptions(terminal, output))
      : formatStructured(output, explanation),
  );
}

async function explainInPlan(terminal: Terminal, subject: Subject, flags: WhyFlags): Promise<Explanation> {
  const request = planRequest(flags);
  const input = await inputOf(terminal, await readSources(terminal, flags.file), flags);
  const outcome = await makePlan(terminal, input, request);
  printNotices(terminal, outcome.document.notices);
  if (subject.kind === "pod") {
    const key = `${flags.namespace}/${subject.name}`;
    return explainPod(outcome, key) ?? noPod(outcome, key);
  }
  return explainNode(outcome, subject.name) ?? noNode(outcome, subject.name);
}

function noPod({ input }: PlanOutcome, key: string): never {
  const bound = input.boundPods.find((pod) => podName(pod) === key);
  if (bound !== undefined)
    throw new CommandError(
      `pod ${key} is on node ${bound.spec.nodeName} of the input already, so the plan did not place it: ask about node/${bound.spec.nodeName}`,
    );
  const daemonSets = [...input.daemonSets, ...(input.addonDaemonSets ?? [])];
  if (daemonSets.some((one) => podName(one) === key || key.startsWith(`${podName(one)}-`)))
    throw new CommandError(
      `${key} is of a DaemonSet: it runs on every node that it may run on, and a plan counts it there; ask about node/NAME`,
    );
  throw notFound(`the plan has no pod ${key}`, key, input.pods.map(podName));
}

function noNode({ document }: PlanOutcome, name: string): never {
  throw notFound(
    `the plan has no node ${name}`,
    name,
    document.nodes.map((node) => node.name),
  );
}

/** The running local cluster, with the catalogue of its region. */
async function explainInCluster(terminal: Terminal, subject: Subject, flags: WhyFlags): Promise<Explanation> {
  if (flags.nodepool.length > 0) throw new UsageError("--nodepool is for plans: give manifests with -f");
  if (!flags.addonDaemonsets)
    throw new UsageError("--no-addon-daemonsets is for plans: a running cluster has its own DaemonSets");
  const { options } = planRequest(flags);
  const { runtime, paths } = await requireRunning(terminal, flags.name);
  if (flags.region !== undefined && flags.region !== runtime.region)
    throw new UsageError(`--region ${flags.region}: the local cluster ${runtime.name} is in ${runtime.region}`);
  const catalog = await chosenCatalog(terminal, { region: runtime.region, file: flags.catalog });
  const objects = await readCluster(paths, runtime).catch((cause: unknown) => {
    throw new CommandError(
      `${runtime.name} (process ${runtime.pid}) does not answer at ${runtime.kubernetesEndpoint}: look into ${paths.log}`,
      { cause },
    );
  });
  const context = new LiveContext(objects, catalog, { ...options, catalogSource: catalog.source });
  const { name } = subject;
  const missing = (kind: string, wanted: string, names: readonly string[]): CommandError =>
    notFound(`the local cluster ${runtime.name} has no ${kind} ${wanted}`, wanted, names);
  switch (subject.kind) {
    case "pod": {
      const key = `${flags.namespace}/${name}`;
      const found = explainLivePod(context, key);
      if (found === undefined) throw missing("pod", key, objects.pods.map(podName));
      return found;
    }
    case "node": {
      const found = explainLiveNode(context, name);
      if (found === undefined) throw missing("node", name, objects.nodes.map(objectName));
      return found;
    }
    case "nodeclaim": {
      const found = explainLiveClaim(context, name);
      if (found === undefined) throw missing("NodeClaim", name, objects.nodeClaims.map(objectName));
      return found;
    }
  }
}

type Named = { readonly metadata: { readonly namespace?: string; readonly name: string } };
const podName = ({ metadata }: Named): string => `${metadata.namespace ?? "default"}/${metadata.name}`;
const objectName = ({ metadata }: Named): string => metadata.name;

/** Says what may have been meant, or what there is. */
export function notFound(message: string, wanted: string, names: readonly string[]): CommandError {
  const near = nearNames(wanted, names);
  if (near.length > 0) return new CommandError(`${message}; did you mean ${near.map(asTyped).join(", ")}?`);
  const some = names.slice(0, NAMES_SHOWN_MAX).map(asTyped).join(", ");
  if (names.length === 0) return new CommandError(`${message}, nor any other`);
  return new CommandError(
    names.length === 1 ? `${message}; there is only ${some}` : `${message}; there are ${names.length}, such as ${some}`,
  );
}

const NAMES_SHOWN_MAX = 3;

/** `pod/web-0 -n shop` of `shop/web-0`; a node as it is. */
function asTyped(name: string): string {
  const slash = name.indexOf("/");
  return slash < 0 ? name : `pod/${name.slice(slash + 1)} -n ${name.slice(0, slash)}`;
}
