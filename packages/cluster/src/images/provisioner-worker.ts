// Entry of the thread that runs the provisioners' containers. Imports come after the compile cache is on: the AWS SDK is large.
import { enableCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { ContainerStart } from "./container-messages.ts";

/** What the thread is started with. */
export interface ProvisionerWorkerData {
  /** Where the process keeps compiled code; undefined: it does not. */
  readonly compileCacheDirectory: string | undefined;
}

const { compileCacheDirectory } = workerData as ProvisionerWorkerData;
if (compileCacheDirectory !== undefined) enableCompileCache(compileCacheDirectory);
const ready = import("./worker-container.ts");
parentPort?.on("message", (start: ContainerStart) => {
  void ready.then(({ runWorkerContainer }) => runWorkerContainer(start));
});
