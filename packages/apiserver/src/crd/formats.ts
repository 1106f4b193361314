import { isIP, isIPv4, isIPv6 } from "node:net";

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const uuidOf = (version: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, "i");
const matching =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

function isDateTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text.toUpperCase().replace(" ", "T")))
  );
}

function isCidr(text: string): boolean {
  const [address = "", length, ...rest] = text.split("/");
  if (rest.length > 0 || length === undefined || !/^\d{1,3}$/.test(length)) return false;
  return isIP(address) !== 0 && Number(length) <= (isIPv4(address) ? 32 : 128);
}

/** Go: a number with a unit, repeated. */
const DURATION =
  /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h|d|w|hr|min|sec|hours?|minutes?|seconds?|days?|weeks?)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))*$/;

/** String formats that are checked; others are free text. Source: k8s.io/kube-openapi pkg/validation/strfmt. */
const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["byte", matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)],
  ["date", isDate],
  ["date-time", isDateTime],
  ["datetime", isDateTime],
  ["duration", (text: string): boolean => text === "0" || DURATION.test(text)],
  ["email", matching(/^[^\s@<>]+@[^\s@<>]+$/)],
  ["hostname", matching(/^(?=.{1,253}$)[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,62})(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,62}))*\.?$/)],
  ["ipv4", (text: string): boolean => isIPv4(text)],
  ["ipv6", (text: string): boolean => isIPv6(text)],
  ["cidr", isCidr],
  ["mac", matching(/^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,7}$/i)],
  ["uri", (text: string): boolean => URL.canParse(text) || /^\/\S*$/.test(text)],
  ["uuid", matching(UUID)],
  ["uuid3", matching(uuidOf("3"))],
  ["uuid4", matching(uuidOf("4"))],
  ["uuid5", matching(uuidOf("5"))],
]);

/** True if the text has the format, or nobody knows the format. */
export function hasFormat(text: string, format: string): boolean {
  return FORMATS.get(format)?.(text) ?? true;
}
