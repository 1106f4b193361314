import type { MessagePort } from "node:worker_threads";
import type { ContainerContext } from "@nodeless/controlplane";
import { describeError, systemClock, systemRandom } from "@nodeless/environment";
import { portTransport } from "@nodeless/runtime";
import type { ContainerStart, FromContainer, ToContainer } from "./container-messages.ts";
import { runProvisionerContainer } from "./provisioner-container.ts";

/** Runs one container in this thread until it ends or is told to stop, and says how it ended. */
export async function runWorkerContainer(start: ContainerStart): Promise<void> {
  const { control, certificateAuthorityPem, ownEndpoint } = start;
  using api = portTransport(start.api);
  const kubelet = new KubeletPort(control);
  try {
    await runProvisionerContainer(kubelet.context(start), {
      clock: systemClock,
      random: systemRandom,
      certificateAuthorityPem,
      ownCluster: { endpoint: () => ownEndpoint, handle: api },
    });
    kubelet.ended();
  } catch (error) {
    kubelet.ended(describeError(error));
  }
}

interface TokenCall {
  readonly resolve: (token: string) => void;
  readonly reject: (reason: Error) => void;
}

/** The kubelet as the container's code sees it. */
class KubeletPort {
  readonly #port: MessagePort;
  readonly #stop = new AbortController();
  readonly #tokenCalls = new Map<number, TokenCall>();
  #lastId = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (message: ToContainer) => this.#hear(message));
  }

  context({ pod, container, env }: ContainerStart): ContainerContext {
    return {
      pod,
      container,
      env,
      signal: this.#stop.signal,
      log: (line) => this.#say({ type: "log", line }),
      serviceAccountToken: (audience) => this.#token(audience),
    };
  }

  ended(error?: string): void {
    this.#say(error === undefined ? { type: "ended" } : { type: "ended", error });
    this.#port.close();
  }

  #token(audience: string): Promise<string> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#say({ type: "token-wanted", id, audience });
    return new Promise((resolve, reject) => this.#tokenCalls.set(id, { resolve, reject }));
  }

  #hear(message: ToContainer): void {
    if (message.type === "stop") {
      this.#stop.abort(new Error(message.reason));
      return;
    }
    const call = this.#tokenCalls.get(message.id);
    this.#tokenCalls.delete(message.id);
    if (message.type === "token") call?.resolve(message.token);
    else call?.reject(new Error(message.error));
  }

  #say(message: FromContainer): void {
    this.#port.postMessage(message);
  }
}
