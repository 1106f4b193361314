import { type PlanCatalog, planCatalog } from "@nodeless/planner";

/** A catalogue so small that a reader can redo the sums: 2, 4 and 8 vCPUs with 4 GiB each, spot at a third of the price. */
export const SMALL_CATALOG: PlanCatalog = planCatalog({
  region: "ap-northeast-2",
  file: {
    name: "small.json",
    text: JSON.stringify({
      date: "2026-01-01",
      region: "ap-northeast-2",
      instanceTypes: [
        ["c9.large", 2, 0.1],
        ["c9.xlarge", 4, 0.2],
        ["c9.2xlarge", 8, 0.4],
      ].map(([name, cpu, price]) => ({
        name,
        labels: {
          "kubernetes.io/arch": "amd64",
          "kubernetes.io/os": "linux",
          "node.kubernetes.io/instance-type": name,
          "karpenter.k8s.aws/instance-category": "c",
          "karpenter.k8s.aws/instance-family": "c9",
          "karpenter.k8s.aws/instance-generation": "9",
        },
        capacity: { cpu: String(cpu), memory: `${Number(cpu) * 2}Gi`, pods: "50" },
        overhead: { cpu: "100m", memory: "512Mi" },
        offerings: [
          { zone: "ap-northeast-2a", capacityType: "on-demand", usdPerHour: price },
          { zone: "ap-northeast-2c", capacityType: "on-demand", usdPerHour: price },
          { zone: "ap-northeast-2c", capacityType: "spot", usdPerHour: Number(price) / 4, estimate: true },
        ],
      })),
    }),
  },
});
