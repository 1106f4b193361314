import { isAbsolute, relative } from "node:path";
import { stateHome } from "./commands/local-state.ts";
import type { Terminal } from "./terminal.ts";

/** What the system says, in words that lead to the remedy. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EROFS", "the file system is read-only"],
  ["ENOTDIR", "a file is in the place of a directory"],
  ["EEXIST", "a file is in the place of a directory"],
  ["EISDIR", "a directory is in the place of a file"],
  ["ENOSPC", "no space is left on the disk"],
  ["EDQUOT", "the disk quota is used up"],
]);

/** One sentence for a system error about the state directory; undefined for any other error. */
export function stateProblem(error: unknown, terminal: Pick<Terminal, "environment">): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code = "", path } = each as NodeJS.ErrnoException;
    const reason = REASONS.get(code);
    if (reason === undefined || path === undefined) continue;
    const fromHome = relative(stateHome(terminal), path);
    if (fromHome.startsWith("..") || isAbsolute(fromHome))
      return `cannot use ${path}: ${reason}; correct that and try again`;
    return `cannot keep state at ${path}: ${reason}; correct that, or set NODELESS_HOME to a directory you can write`;
  }
  return undefined;
}
