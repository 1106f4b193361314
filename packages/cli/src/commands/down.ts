import { contextOf, deleteState, knownNames, removeFromKubeconfig } from "@nodeless/cluster";
import { DEFAULT_CLUSTER_NAME } from "@nodeless/eks/spec";
import { systemClock } from "@nodeless/environment";
import { Command } from "commander";
import { CommandError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { findLocalState, stateHome, userKubeconfig } from "./local-state.ts";

/** A clean stop takes well under a second; this is for a machine under heavy load. */
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/** `nodeless down`: stops a local cluster, and with --delete forgets its state. */
export function downCommand(terminal: Terminal): Command {
  return new Command("down")
    .description("Stop a local cluster. Its state is kept unless --delete is given.")
    .option("--name <name>", "the local cluster", DEFAULT_CLUSTER_NAME)
    .option("--delete", "forget its state and its kubeconfig context", false)
    .addHelpText("after", "\nExamples:\n  nodeless down\n  nodeless down --name demo --delete\n")
    .action(async (options: { name: string; delete: boolean }) => {
      const { name, paths, holder, runtime } = await findLocalState(terminal, options.name);
      const exists = (await knownNames(stateHome(terminal))).includes(name);
      if (holder !== undefined) {
        await stop(name, holder.pid, async () => (await findLocalState(terminal, name)).holder !== undefined);
        terminal.err(`stopped ${name} (process ${holder.pid})\n`);
      } else if (!exists) {
        terminal.err(`there is no local cluster ${name}; \`nodeless status --all\` lists those that exist\n`);
        return;
      } else if (!options.delete) {
        terminal.err(`${name} is not running\n`);
      }
      if (!options.delete) return;
      // Today's KUBECONFIG need not be that of the start, e.g. after \`nodeless env\`.
      for (const path of new Set([userKubeconfig(terminal), runtime?.kubeconfigPath ?? userKubeconfig(terminal)]))
        await removeFromKubeconfig(path, runtime?.context ?? contextOf(name));
      await deleteState(paths);
      terminal.err(`deleted the state of ${name}\n`);
    });
}

async function stop(name: string, pid: number, isRunning: () => Promise<boolean>): Promise<void> {
  try {
    process.kill(pid, "SIGTERM");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ESRCH") return;
    throw new CommandError(`cannot stop ${name}: process ${pid} belongs to somebody else`, { cause });
  }
  const deadline = systemClock.monotonicMs() + STOP_TIMEOUT_MS;
  while (await isRunning()) {
    if (systemClock.monotonicMs() > deadline)
      throw new CommandError(
        `${name} (process ${pid}) does not stop: end it with \`kill -9 ${pid}\`; no acknowledged write is lost by that`,
      );
    // A plain wait: nothing tells another process's end.
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
