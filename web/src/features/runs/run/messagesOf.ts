// The messages of a model's call, from what the step was given and what it gave. Pure.

import { isObject, type Json } from '@/components/data/json';

export interface Message {
  role: string;
  text: string;
  /** Tools that the model asked for. */
  calls?: Json[];
}

export function messagesOf(config: Json, output: Json | undefined): Message[] {
  const messages: Message[] = [];
  const add = (role: string, content: Json | undefined, calls?: Json) => {
    const text = textOf(content);
    const list = Array.isArray(calls) && calls.length > 0 ? calls : undefined;
    if (text !== '' || list) messages.push(list ? { role, text, calls: list } : { role, text });
  };
  if (isObject(config)) {
    add('system', config.system);
    if (Array.isArray(config.messages)) {
      for (const one of config.messages) {
        if (isObject(one)) add(typeof one.role === 'string' ? one.role : 'user', one.content, one.tool_calls);
      }
    }
    add('user', config.prompt);
  }
  if (isObject(output)) {
    // With a schema the answer is a value, and its text the same again.
    add('assistant', output.text || (output.value ?? undefined), output.tool_calls);
  }
  return messages;
}

function textOf(content: Json | undefined): string {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  if (Array.isArray(content) && content.every((part) => isObject(part))) {
    return content
      .map((part) =>
        isObject(part) && typeof part.text === 'string'
          ? part.text
          : `[${String((isObject(part) && part.type) || 'part')}]`,
      )
      .join('\n');
  }
  return `\`\`\`json\n${JSON.stringify(content, null, 2)}\n\`\`\``;
}
