// Makes a key: never wider than who makes it.

import { NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { projectsQuery, useRoleNames } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import { amountMistake } from '@/lib/format';
import { emptyForm, type KeyForm, keyOf } from './key_form';
import { useCreateKey } from './queries';

export function CreateKey(props: { opened: boolean; onClose: () => void; onMade: (key: string | undefined) => void }) {
  const { opened, onClose, onMade } = props;
  const [form, setForm] = useState<KeyForm>(emptyForm);
  const roles = useRoleNames();
  const projects = useQuery(projectsQuery());
  const create = useCreateKey();
  const set = (change: Partial<KeyForm>) => setForm((old) => ({ ...old, ...change }));
  const number = (value: string | number) => (typeof value === 'number' ? value : ('' as const));
  const budgetWrong = form.budget.trim() === '' ? undefined : amountMistake(form.budget);
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Create key"
      action="Create key"
      disabled={form.name.trim() === '' || budgetWrong !== undefined}
      onConfirm={async () => {
        const made = await create.mutateAsync(keyOf(form));
        onMade(made.key ?? undefined);
      }}
    >
      <div className="stack">
        <TextInput
          label="Name"
          description="What uses it"
          value={form.name}
          maxLength={100}
          onChange={(event) => set({ name: event.currentTarget.value })}
          required
          data-autofocus
        />
        <div className="two">
          <Select
            label="Role"
            data={roles.data ?? [form.role]}
            value={form.role}
            allowDeselect={false}
            onChange={(role) => role && set({ role })}
          />
          <NumberInput
            label="Ends in days"
            min={1}
            max={365}
            allowDecimal={false}
            value={form.days}
            onChange={(value) => set({ days: typeof value === 'number' ? value : 90 })}
          />
        </div>
        <TagsInput
          label="Only these projects"
          data={(projects.data?.items ?? []).map((project) => project.name)}
          value={form.projects}
          onChange={(names) => set({ projects: names })}
        />
        <TagsInput label="Only these flows" value={form.flows} onChange={(names) => set({ flows: names })} />
        <TagsInput
          label="Only from these networks"
          placeholder="10.0.0.0/24"
          value={form.networks}
          onChange={(names) => set({ networks: names })}
        />
        <TagsInput
          label="Only these models"
          placeholder="gpt-*, anthropic/*"
          value={form.models}
          onChange={(names) => set({ models: names })}
        />
        <div className="two">
          <NumberInput
            label="Calls of models a minute"
            min={1}
            allowDecimal={false}
            value={form.requests}
            onChange={(value) => set({ requests: number(value) })}
          />
          <NumberInput
            label="Tokens a minute"
            min={1}
            allowDecimal={false}
            value={form.tokens}
            onChange={(value) => set({ tokens: number(value) })}
          />
        </div>
        <div className="two">
          <TextInput
            label="Budget of its own, in US dollars"
            inputMode="decimal"
            value={form.budget}
            error={budgetWrong}
            onChange={(event) => set({ budget: event.currentTarget.value })}
          />
          <Select
            label="In each"
            data={['hour', 'day', 'week', 'month', 'total']}
            value={form.window}
            allowDeselect={false}
            onChange={(window) => window && set({ window: window as KeyForm['window'] })}
          />
        </div>
      </div>
    </Confirm>
  );
}
