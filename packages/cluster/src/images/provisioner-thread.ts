import { getCompileCacheDir } from "node:module";
import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { ContainerContext } from "@nodeless/controlplane";
import { describeError } from "@nodeless/environment";
import { servePort, type Transport } from "@nodeless/runtime";
import type { ContainerStart, FromContainer, ToContainer } from "./container-messages.ts";
import type { ProvisionerWorkerData } from "./provisioner-worker.ts";

/** What the containers of one cluster have in common. */
export interface ContainerSurroundings {
  readonly certificateAuthorityPem: string;
  readonly ownEndpoint: string;
  /** Of the own cluster's API server; requests carry the container's token. */
  readonly handle: Transport;
}

/**
 * Runs the containers of provisioners in one thread beside the main one: planning thousands of pods takes the processor for long, and the API
 * server must go on answering meanwhile. The thread starts with the first container and ends with the last.
 */
export class ProvisionerThread {
  #worker: Worker | undefined;
  #containers = 0;

  /** Settles when the container's code has ended; rejects when it, or the thread, crashed. */
  async run(context: ContainerContext, surroundings: ContainerSurroundings): Promise<void> {
    const worker = this.#started();
    this.#containers += 1;
    try {
      await runIn(worker, context, surroundings);
    } finally {
      this.#containers -= 1;
      if (this.#containers === 0 && this.#worker === worker) await this.#end(worker);
    }
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = startWorker();
    this.#worker = worker;
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  async #end(worker: Worker): Promise<void> {
    this.#worker = undefined;
    await worker.terminate();
  }
}

/** The thread runs the sources if the process does; an explicit list keeps flags of the process (a profiler's) out of it. */
function startWorker(): Worker {
  const extension = extname(import.meta.url);
  const workerData: ProvisionerWorkerData = { compileCacheDirectory: getCompileCacheDir() };
  return new Worker(new URL(`./provisioner-worker${extension}`, import.meta.url), {
    workerData,
    name: "provisioner",
    // Of short-lived objects: by default a thread takes several times as much, and frees no sooner.
    resourceLimits: { maxYoungGenerationSizeMb: 24 },
    execArgv: extension === ".ts" ? ["--conditions=nodeless-source"] : [],
  });
}

async function runIn(worker: Worker, context: ContainerContext, surroundings: ContainerSurroundings): Promise<void> {
  const api = new MessageChannel();
  const control = new MessageChannel();
  using _server = servePort(api.port1, surroundings.handle);
  const ended = endOf(worker, control.port1, context);
  const start: ContainerStart = {
    pod: context.pod,
    container: context.container,
    env: context.env,
    certificateAuthorityPem: surroundings.certificateAuthorityPem,
    ownEndpoint: surroundings.ownEndpoint,
    api: api.port2,
    control: control.port2,
  };
  worker.postMessage(start, [api.port2, control.port2]);
  try {
    await ended;
  } finally {
    control.port1.close();
  }
}

/** How the container's code ends. Meanwhile it gets its tokens, its lines are logged, and it is told to stop. */
function endOf(worker: Worker, port: MessagePort, context: ContainerContext): Promise<void> {
  const { signal } = context;
  const say = (message: ToContainer): void => port.postMessage(message);
  const stop = (): void => say({ type: "stop", reason: describeError(signal.reason) });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onExit = (): void => reject(new Error("the thread that runs the provisioner ended"));
  const onError = (error: unknown): void => reject(error);
  worker.once("error", onError);
  worker.once("exit", onExit);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  port.on("message", (message: FromContainer) => {
    if (message.type === "log") context.log(message.line);
    else if (message.type === "token-wanted") void answerToken(context, message, say);
    else if (message.error === undefined) resolve();
    else reject(new Error(message.error));
  });
  return promise.finally(() => {
    worker.off("error", onError);
    worker.off("exit", onExit);
    signal.removeEventListener("abort", stop);
  });
}

async function answerToken(
  context: ContainerContext,
  { id, audience }: FromContainer & { readonly type: "token-wanted" },
  say: (message: ToContainer) => void,
): Promise<void> {
  try {
    say({ type: "token", id, token: await context.serviceAccountToken(audience) });
  } catch (error) {
    say({ type: "token-refused", id, error: describeError(error) });
  }
}
