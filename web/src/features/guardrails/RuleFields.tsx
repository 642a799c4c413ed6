// The fields of one type of rule.

import { Checkbox, NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { CodeEditor } from '@/components/data/CodeEditor';
import { kinds, type Rule } from './rule';

export function RuleFields({ rule, onChange }: { rule: Rule; onChange: (rule: Rule) => void }) {
  const set = (part: Record<string, unknown>) => {
    const next = { ...rule, ...part };
    for (const [name, value] of Object.entries(next)) if (value === undefined || value === '') delete next[name];
    onChange({ ...next, type: rule.type });
  };
  const text = (name: string) => (typeof rule[name] === 'string' ? (rule[name] as string) : '');
  const names = (name: string) => (Array.isArray(rule[name]) ? (rule[name] as string[]) : []);
  const number = (name: string) => (typeof rule[name] === 'number' ? (rule[name] as number) : ('' as const));
  const action = (
    <Select
      label="What is found"
      data={[
        { value: 'redact', label: 'is taken out' },
        { value: 'block', label: 'refuses the call' },
      ]}
      value={text('action') || 'redact'}
      allowDeselect={false}
      onChange={(value) => value && set({ action: value })}
    />
  );
  const replacement = text('action') !== 'block' && (
    <TextInput
      label="Put in its place"
      placeholder="[email], …"
      value={text('replacement')}
      onChange={(event) => set({ replacement: event.currentTarget.value })}
    />
  );
  switch (rule.type) {
    case 'detect':
      return (
        <>
          <Checkbox.Group label="Looks for" value={names('kinds')} onChange={(value) => set({ kinds: value })}>
            <div className="row wrap">
              {kinds.map((kind) => (
                <Checkbox key={kind} value={kind} label={kind} />
              ))}
            </div>
          </Checkbox.Group>
          {action}
          {replacement}
        </>
      );
    case 'pattern':
      return (
        <>
          <TextInput
            label="Pattern"
            description="A regular expression of RE2"
            className="mono"
            value={text('pattern')}
            onChange={(event) => onChange({ ...rule, pattern: event.currentTarget.value })}
            required
          />
          {action}
          {replacement}
        </>
      );
    case 'size':
      return (
        <>
          <NumberInput
            label="Most characters of all texts"
            min={1}
            allowDecimal={false}
            value={number('max_characters')}
            onChange={(value) => set({ max_characters: typeof value === 'number' ? value : undefined })}
          />
          <NumberInput
            label="Most messages"
            min={1}
            allowDecimal={false}
            value={number('max_messages')}
            onChange={(value) => set({ max_messages: typeof value === 'number' ? value : undefined })}
          />
        </>
      );
    case 'tools':
      return (
        <TagsInput
          label="Tools that may be offered and called"
          description="* stands for anything; empty: none"
          value={names('allow')}
          onChange={(value) => onChange({ ...rule, allow: value })}
        />
      );
    case 'schema':
      return <SchemaFields rule={rule} onChange={onChange} />;
  }
}

function SchemaFields({ rule, onChange }: { rule: Rule; onChange: (rule: Rule) => void }) {
  const [typed, setTyped] = useState(() => JSON.stringify(rule.schema ?? {}, null, 2));
  const [wrong, setWrong] = useState('');
  return (
    <>
      <CodeEditor
        label="JSON Schema of the answer"
        language="json"
        value={typed}
        height={200}
        onChange={(value) => {
          setTyped(value);
          try {
            onChange({ ...rule, schema: JSON.parse(value) as unknown });
            setWrong('');
          } catch (error) {
            setWrong((error as Error).message);
          }
        }}
      />
      {wrong && <p className="error">{wrong}; the schema before it is kept.</p>}
      <Checkbox
        label="Ask once more, with the mistake"
        checked={rule.repair !== false}
        onChange={(event) => onChange({ ...rule, repair: event.currentTarget.checked })}
      />
    </>
  );
}
