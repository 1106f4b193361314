export { planTable } from "./plan-table.ts";
export type { TableOptions } from "./table-style.ts";
