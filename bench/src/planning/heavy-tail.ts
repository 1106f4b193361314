import type { Pod } from "@nodeless/api";
import { type Random, seededRandom } from "@nodeless/environment";
import { normal, oneOf, pendingPod } from "./pods.ts";

/** Share of pods from the tail. */
const TAIL_SHARE = 0.06;
const CPU_MILLICORES_MAX = 14_000;
const MEMORY_MIB_MAX = 56_000;

interface Request {
  readonly cpuMillicores: number;
  readonly memoryMiB: number;
}

/** What cluster traces look like: a log-normal body around 200 millicores and a Pareto tail up to 14 cores; 1–8 MiB per millicore. */
function heavyRequest(random: Random): Request {
  const body = 200 * Math.exp(0.9 * normal(random));
  const tail = 1_000 * (1 - random.next()) ** (-1 / 1.3);
  const cpu = Math.min(CPU_MILLICORES_MAX, Math.max(10, random.next() < TAIL_SHARE ? tail : body));
  const memory = cpu * 2.5 * Math.exp(0.6 * normal(random));
  return {
    cpuMillicores: Math.round(cpu),
    memoryMiB: Math.round(Math.min(MEMORY_MIB_MAX, Math.max(16, memory))),
  };
}

/** Unrounded: almost every pod differs from every other. */
export function heavyPods(count: number): readonly Pod[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, index) => pendingPod({ name: `pod-${index}`, ...heavyRequest(random) }));
}

const NICE_MILLICORES = [10, 25, 50, 100, 200, 250, 500, 750, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000];
const NICE_MIB = [
  32, 64, 128, 256, 384, 512, 768, 1_024, 1_536, 2_048, 3_072, 4_096, 6_144, 8_192, 12_288, 16_384, 24_576, 32_768,
  49_152,
];
const nearest = (list: readonly number[], value: number): number =>
  list.reduce((best, one) => (Math.abs(Math.log(one / value)) < Math.abs(Math.log(best / value)) ? one : best));

/** The same on the round numbers that people write. */
export function nicePods(count: number): readonly Pod[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, index) => {
    const { cpuMillicores, memoryMiB } = heavyRequest(random);
    return pendingPod({
      name: `pod-${index}`,
      cpuMillicores: nearest(NICE_MILLICORES, cpuMillicores),
      memoryMiB: nearest(NICE_MIB, memoryMiB),
    });
  });
}

/** 20 shapes of up to 7 cores, many of each: few pods fit a node, so that combinations matter. */
export function fewShapes(count: number): readonly Pod[] {
  const random = seededRandom(11);
  const shapes = Array.from({ length: 20 }, (): Request => {
    const cpuMillicores = 500 + 250 * random.integer(27);
    return { cpuMillicores, memoryMiB: 256 * Math.max(1, Math.round((cpuMillicores / 256) * (1 + 5 * random.next()))) };
  });
  return Array.from({ length: count }, (_, index) => pendingPod({ name: `pod-${index}`, ...oneOf(random, shapes) }));
}
