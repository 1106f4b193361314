import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Who holds a name. */
export interface LockHolder {
  readonly pid: number;
  readonly startedAt: string;
  /** Tells a reused pid from the holder: the process's start time in clock ticks, where the system shows it. */
  readonly processStart: string;
}

/** Another live process runs this name. Caller: show the message; nothing was touched. */
export class AlreadyRunningError extends Error {
  override readonly name = "AlreadyRunningError";
  readonly holder: LockHolder;

  constructor(name: string, holder: LockHolder) {
    super(
      `${name} is already running as process ${holder.pid} since ${holder.startedAt}: use it, stop it with \`nodeless down --name ${name}\`, or start another with --name`,
    );
    this.holder = holder;
  }
}

/** Takes the lock file for this process; a lock left by a dead process is taken over. Throws AlreadyRunningError. */
export async function acquireLock(path: string, name: string, now: Date): Promise<{ release(): Promise<void> }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const holder: LockHolder = {
    pid: process.pid,
    startedAt: now.toISOString(),
    processStart: await processStart(process.pid),
  };
  // Written aside and linked, so that nobody ever reads half a lock and takes it for a dead one.
  const own = `${path}.${process.pid}`;
  await writeFile(own, JSON.stringify(holder), { mode: 0o600 });
  try {
    // Two tries: the second after removing a dead holder's file. If it exists again, somebody else was faster.
    for (const attempt of [1, 2]) {
      if (await linked(own, path)) return { release: () => rm(path, { force: true }) };
      const other = await lockHolder(path);
      if (other !== undefined || attempt === 2)
        throw new AlreadyRunningError(name, other ?? { pid: 0, startedAt: "an unknown time", processStart: "" });
      await removeDead(path);
    }
    throw new Error("unreachable: the loop returns or throws");
  } finally {
    await rm(own, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Moves the lock away before looking again: whoever replaced the dead one in the meantime gets theirs back. */
async function removeDead(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.dead`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await lockHolder(aside)) !== undefined) await linked(aside, path);
  await rm(aside, { force: true });
}

/** The live process that holds the lock, or undefined when there is none or it is dead. */
export async function lockHolder(path: string): Promise<LockHolder | undefined> {
  let holder: Partial<LockHolder> | null;
  try {
    holder = JSON.parse(await readFile(path, "utf8")) as Partial<LockHolder> | null;
  } catch {
    // Missing or damaged: nobody holds it.
    return undefined;
  }
  const { pid, startedAt = "an unknown time", processStart: start } = holder ?? {};
  if (pid === undefined || !Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return (await processStart(pid)) === start ? { pid, startedAt, processStart: start } : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of /proc/PID/stat (proc(5)); empty on systems without it. */
async function processStart(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
