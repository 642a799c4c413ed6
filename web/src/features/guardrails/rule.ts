// The rule of a guardrail, in words and as it is typed. Members that this page does not know stay. Pure.

export type RuleType = 'pattern' | 'detect' | 'size' | 'tools' | 'schema';
export type Rule = { type: RuleType } & Record<string, unknown>;
export const ruleTypes: RuleType[] = ['detect', 'pattern', 'size', 'tools', 'schema'];
export const kinds = ['email', 'phone', 'card', 'iban', 'secret'] as const;

const list = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);

export function sayRule(rule: Rule): string {
  const blocks = rule.action === 'block' ? 'refuses' : 'takes out';
  switch (rule.type) {
    case 'pattern':
      return `${blocks} what fits ${String(rule.pattern ?? '')}`;
    case 'detect':
      return `${blocks} ${list(rule.kinds).join(', ')}`;
    case 'size': {
      const parts = [];
      if (rule.max_characters !== undefined)
        parts.push(`${Number(rule.max_characters).toLocaleString('en-US')} characters`);
      if (rule.max_messages !== undefined) parts.push(`${Number(rule.max_messages).toLocaleString('en-US')} messages`);
      return `refuses more than ${parts.join(' or ')}`;
    }
    case 'tools':
      return `allows the tools ${list(rule.allow).join(', ') || 'of no name'}`;
    case 'schema':
      return `answers keep a schema${rule.repair === false ? '' : ', asked once more where they do not'}`;
    default:
      return String((rule as Rule).type);
  }
}

export function emptyRule(type: RuleType): Rule {
  switch (type) {
    case 'detect':
      return { type, kinds: ['email'], action: 'redact' };
    case 'pattern':
      return { type, pattern: '', action: 'redact' };
    case 'size':
      return { type, max_characters: 100_000 };
    case 'tools':
      return { type, allow: [] };
    case 'schema':
      return { type, schema: { type: 'object' } };
  }
}

/** What is missing before the rule can be saved. */
export function ruleMistake(rule: Rule): string | undefined {
  if (rule.type === 'pattern' && !rule.pattern) return 'A pattern';
  if (rule.type === 'detect' && list(rule.kinds).length === 0) return 'At least one kind';
  if (rule.type === 'size' && rule.max_characters === undefined && rule.max_messages === undefined) return 'A size';
  return undefined;
}
