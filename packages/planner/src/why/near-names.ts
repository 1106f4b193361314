import { editDistance } from "@nodeless/api";

const SHOWN_MAX = 3;
/** At most this share of a name may differ for it to be taken for a slip. */
const SLIP_SHARE = 0.34;

/**
 * Names that may be meant by one that does not exist, the likeliest first: the same name in another namespace, names that begin with it (the
 * pods of a workload), then names a few letters away. `namespace/name`, or `name` for what has no namespace.
 */
export function nearNames(wanted: string, names: readonly string[]): readonly string[] {
  const limit = Math.max(2, Math.floor(nameOf(wanted).length * SLIP_SHARE));
  const rank = (name: string): number => {
    const away = nameOf(name) === nameOf(wanted) ? 0 : nameOf(name).startsWith(`${nameOf(wanted)}-`) ? 1 : 2;
    const elsewhere = namespaceOf(name) === namespaceOf(wanted) ? 0 : 0.5;
    return away < 2 ? away + elsewhere : 2 + elsewhere + editDistance(nameOf(name), nameOf(wanted), { limit });
  };
  return names
    .map((name) => ({ name, rank: rank(name) }))
    .filter((one) => one.rank <= 2.5 + limit)
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1))
    .slice(0, SHOWN_MAX)
    .map(({ name }) => name);
}

const nameOf = (name: string): string => name.slice(name.indexOf("/") + 1);
const namespaceOf = (name: string): string => name.slice(0, Math.max(0, name.indexOf("/")));
