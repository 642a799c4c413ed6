// Makes or changes a provider. Its key goes to the server and never comes back.

import { ActionIcon, Button, Checkbox, PasswordInput, Select, TextInput } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { formatWord } from '@/lib/format';
import { emptyForm, type ProviderForm as Form, formMistake, formOf, needsAddress, providerOf } from './provider_form';
import classes from './providers.module.css';
import { type NewProvider, type Provider, type ProviderModel, types } from './queries';

export function ProviderForm(props: {
  provider?: Provider;
  opened: boolean;
  onClose: () => void;
  onSave: (body: NewProvider) => Promise<unknown>;
}) {
  const { provider, opened, onClose, onSave } = props;
  const [form, setForm] = useState<Form>(() => (provider ? formOf(provider) : emptyForm));
  const set = (change: Partial<Form>) => setForm((old) => ({ ...old, ...change }));
  const mistake = formMistake(form);
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={provider ? `Provider ${provider.name}` : 'Add provider'}
      action={provider ? 'Save provider' : 'Add provider'}
      disabled={mistake !== undefined}
      onConfirm={() => onSave(providerOf(form, provider))}
    >
      <div className="stack">
        <div className="two">
          <Select
            label="Type"
            data={types.map((value) => ({ value, label: formatWord(value) }))}
            value={form.type}
            allowDeselect={false}
            disabled={provider !== undefined}
            onChange={(type) => type && set({ type: type as Form['type'] })}
          />
          <TextInput
            label="Name"
            description="Models are called by id, or as name/id"
            value={form.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            required
            data-autofocus
          />
        </div>
        <TextInput
          label="Address"
          placeholder={needsAddress(form.type) ? 'http://127.0.0.1:11434/v1' : "the vendor's own"}
          value={form.base_url}
          onChange={(event) => set({ base_url: event.currentTarget.value })}
          required={needsAddress(form.type)}
        />
        <PasswordInput
          label="API key"
          description={provider?.has_key ? 'Left empty, the present one stays' : 'It cannot be read again'}
          autoComplete="off"
          value={form.api_key}
          onChange={(event) => set({ api_key: event.currentTarget.value })}
        />
        {form.type === 'bedrock' && (
          <TextInput
            label="Region"
            placeholder="eu-central-1"
            value={form.region}
            onChange={(event) => set({ region: event.currentTarget.value })}
            required
          />
        )}
        {form.type === 'azure_openai' && (
          <TextInput
            label="API version"
            value={form.api_version}
            onChange={(event) => set({ api_version: event.currentTarget.value })}
          />
        )}
        <Models models={form.models} onChange={(models) => set({ models })} />
        <Checkbox
          label="In use"
          checked={form.enabled}
          onChange={(event) => set({ enabled: event.currentTarget.checked })}
        />
        {mistake && form.name !== '' && <p className="meta">Missing: {mistake}</p>}
      </div>
    </Confirm>
  );
}

function Models({ models, onChange }: { models: ProviderModel[]; onChange: (models: ProviderModel[]) => void }) {
  const change = (index: number, part: Partial<ProviderModel>) =>
    onChange(models.map((model, at) => (at === index ? { ...model, ...part } : model)));
  return (
    <fieldset className={classes.models}>
      <legend>Models</legend>
      <p className="meta">
        {models.length === 0
          ? "None named: any model of the vendor can be called, as name/id, at the catalogue's price."
          : 'Prices in US dollars for a million tokens; empty: the catalogue’s.'}
      </p>
      {models.map((model, index) => (
        <div key={index} className={classes.model}>
          <TextInput
            aria-label={`Id of model ${index + 1}`}
            placeholder="model id"
            value={model.id}
            onChange={(event) => change(index, { id: event.currentTarget.value })}
          />
          <TextInput
            aria-label={`Price of input of model ${index + 1}`}
            placeholder="input"
            inputMode="decimal"
            value={String(model.input_usd_per_million ?? '')}
            onChange={(event) => change(index, { input_usd_per_million: event.currentTarget.value })}
          />
          <TextInput
            aria-label={`Price of output of model ${index + 1}`}
            placeholder="output"
            inputMode="decimal"
            value={String(model.output_usd_per_million ?? '')}
            onChange={(event) => change(index, { output_usd_per_million: event.currentTarget.value })}
          />
          <ActionIcon
            aria-label={`Remove model ${index + 1}`}
            onClick={() => onChange(models.filter((_, at) => at !== index))}
          >
            <Trash2 size={14} />
          </ActionIcon>
        </div>
      ))}
      <Button leftSection={<Plus size={14} aria-hidden />} onClick={() => onChange([...models, { id: '' }])}>
        Add model
      </Button>
    </fieldset>
  );
}
