import { homedir } from "node:os";
import { join } from "node:path";
import {
  knownNames,
  type LockHolder,
  lockHolder,
  type RuntimeInfo,
  readRuntime,
  type StatePaths,
  statePaths,
} from "@nodeless/cluster";
import { DEFAULT_CLUSTER_NAME } from "@nodeless/eks/spec";
import { CommandError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

/** Where local clusters keep their state: NODELESS_HOME, else `~/.nodeless`. */
export function stateHome(terminal: Pick<Terminal, "environment">): string {
  const given = terminal.environment["NODELESS_HOME"];
  return given === undefined || given === "" ? join(homedir(), ".nodeless") : given;
}

/** The kubeconfig that kubectl would write: the first file of KUBECONFIG, else `~/.kube/config`. */
export function userKubeconfig(terminal: Pick<Terminal, "environment">): string {
  const given = (terminal.environment["KUBECONFIG"] ?? "").split(":").find((path) => path !== "");
  return given ?? join(homedir(), ".kube", "config");
}

/** One local cluster as other commands find it. */
export interface LocalState {
  readonly name: string;
  readonly paths: StatePaths;
  readonly holder: LockHolder | undefined;
  /** Undefined until it was ready once. */
  readonly runtime: RuntimeInfo | undefined;
}

/** Looks a name up. Throws InvalidNameError. */
export async function findLocalState(
  terminal: Pick<Terminal, "environment">,
  name: string = DEFAULT_CLUSTER_NAME,
): Promise<LocalState> {
  const paths = statePaths(stateHome(terminal), name);
  return { name, paths, holder: await lockHolder(paths.lock), runtime: await readRuntime(paths) };
}

/** Every local cluster that runs now. */
export async function runningStates(terminal: Pick<Terminal, "environment">): Promise<readonly LocalState[]> {
  const states = await Promise.all(
    (await knownNames(stateHome(terminal))).map((name) => findLocalState(terminal, name)),
  );
  return states.filter(({ holder }) => holder !== undefined);
}

/** A running, ready local cluster. Throws CommandError that says how to start it. */
export async function requireRunning(
  terminal: Pick<Terminal, "environment">,
  name?: string,
): Promise<LocalState & { readonly runtime: RuntimeInfo }> {
  const state = await findLocalState(terminal, name);
  if (state.holder === undefined) {
    const others = (await runningStates(terminal)).map((other) => `--name ${other.name}`);
    throw new CommandError(
      `no local cluster ${state.name} is running: start it with \`nodeless up${state.name === DEFAULT_CLUSTER_NAME ? "" : ` --name ${state.name}`}\`${others.length === 0 ? "" : `, or say which you mean: ${others.join(", ")}`}`,
    );
  }
  if (state.runtime === undefined || state.runtime.pid !== state.holder.pid) {
    throw new CommandError(
      `the local cluster ${state.name} (process ${state.holder.pid}) is still starting: try again in a moment`,
    );
  }
  return { ...state, runtime: state.runtime };
}
