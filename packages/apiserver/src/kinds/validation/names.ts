import type { NameRule } from "../behaviour.ts";

const SUBDOMAIN_CHARACTERS_MAX = 253;
const LABEL_CHARACTERS_MAX = 63;

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS_1123_LABEL = new RegExp(`^${LABEL}$`);
const DNS_1123_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const DNS_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_NAME = new RegExp(`^${QUALIFIED}$`);
const LABEL_VALUE = new RegExp(`^(${QUALIFIED})?$`);

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const DNS_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

function matching(
  value: string,
  rule: { readonly pattern: RegExp; readonly text: string; readonly charactersMax: number },
): readonly string[] {
  const problems = value.length > rule.charactersMax ? [`must be no more than ${rule.charactersMax} bytes`] : [];
  return rule.pattern.test(value) ? problems : [...problems, rule.text];
}

/** Rules violated by a DNS-1123 subdomain. Source of all texts here: k8s.io/apimachinery pkg/util/validation/validation.go. */
export function subdomainProblems(value: string): readonly string[] {
  return matching(value, {
    pattern: DNS_1123_SUBDOMAIN,
    text: SUBDOMAIN_TEXT,
    charactersMax: SUBDOMAIN_CHARACTERS_MAX,
  });
}

export function dnsLabelProblems(value: string): readonly string[] {
  return matching(value, { pattern: DNS_1123_LABEL, text: LABEL_TEXT, charactersMax: LABEL_CHARACTERS_MAX });
}

export function dns1035LabelProblems(value: string): readonly string[] {
  return matching(value, { pattern: DNS_1035_LABEL, text: DNS_1035_TEXT, charactersMax: LABEL_CHARACTERS_MAX });
}

export function labelValueProblems(value: string): readonly string[] {
  return matching(value, { pattern: LABEL_VALUE, text: LABEL_VALUE_TEXT, charactersMax: LABEL_CHARACTERS_MAX });
}

/** `name` or `prefix/name`, as keys of labels and annotations and names of resources and finalizers are. */
export function qualifiedNameProblems(value: string): readonly string[] {
  const parts = value.split("/");
  if (parts.length > 2)
    return [
      `a qualified name ${QUALIFIED_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const problems: string[] = [];
  const [prefix, name = ""] = parts.length === 2 ? parts : [undefined, parts[0]];
  if (prefix === "") problems.push("prefix part must be non-empty");
  else if (prefix !== undefined) problems.push(...subdomainProblems(prefix).map((text) => `prefix part ${text}`));
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > LABEL_CHARACTERS_MAX)
    problems.push(`name part must be no more than ${LABEL_CHARACTERS_MAX} bytes`);
  if (!QUALIFIED_NAME.test(name)) problems.push(`name part ${QUALIFIED_TEXT}`);
  return problems;
}

/** A trailing dash is fine in a generateName: random characters follow it. */
function withoutTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith("-") ? `${name.slice(0, -1)}a` : name;
}

function nameRule(problems: (name: string) => readonly string[]): NameRule {
  return (name, prefix) => problems(prefix ? withoutTrailingDash(name) : name);
}

export const SUBDOMAIN_NAME: NameRule = nameRule(subdomainProblems);
export const DNS_LABEL_NAME: NameRule = nameRule(dnsLabelProblems);
export const DNS_1035_NAME: NameRule = nameRule(dns1035LabelProblems);
/** Any name that can be one segment of a path, e.g. of roles: `system:node`. */
export const PATH_SEGMENT_NAME: NameRule = nameRule((name) => [
  ...(name === "." || name === ".." ? [`may not be '${name}'`] : []),
  ...["/", "%"].filter((character) => name.includes(character)).map((character) => `may not contain '${character}'`),
]);

/** Names of configuration values: keys of ConfigMaps and Secrets. */
export function configKeyProblems(key: string): readonly string[] {
  const problems =
    key.length > SUBDOMAIN_CHARACTERS_MAX ? [`must be no more than ${SUBDOMAIN_CHARACTERS_MAX} bytes`] : [];
  if (!/^[-._a-zA-Z0-9]+$/.test(key))
    problems.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  else if (key === ".") problems.push(`must not be '.'`);
  else if (key === ".." || key.startsWith(".."))
    problems.push(key === ".." ? `must not be '..'` : `must not start with '..'`);
  return problems;
}
