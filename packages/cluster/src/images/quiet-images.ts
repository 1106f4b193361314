import type { InProcessImage } from "@nodeless/controlplane";

const REPOSITORIES = ["eks/coredns", "amazon-k8s-cni", "eks/kube-proxy"] as const;

/** System agents whose work the local cluster does itself: their containers run, and have nothing to do. */
export const quietImage: InProcessImage = {
  matches: (image) => REPOSITORIES.some((repository) => image.endsWith(`/${repository}`)),
  run({ container, log, signal }) {
    log(`${container.name} runs inside nodeless: its work is done by the local cluster itself`);
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
  },
};
