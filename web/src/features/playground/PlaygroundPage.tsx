// One prompt, several models beside each other, with what each took and cost.

import { Button, NumberInput, TagsInput, Textarea } from '@mantine/core';
import { Play, Square } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { send } from '@/api/client';
import { useWhyNot } from '@/api/session';
import { JsonView } from '@/components/data/JsonView';
import { Markdown } from '@/components/data/Markdown';
import { Link } from '@/components/Link';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { formatDuration, formatMoney } from '@/lib/format';
import { printKeys, useKeys } from '@/lib/keys';
import { searchParams, text, useSearchParams } from '@/lib/search';
import classes from './Playground.module.css';
import { useModelNames } from './queries';
import { apply, type Column, read } from './stream';

const most = 6;
const search = searchParams({ models: text() });

export default function PlaygroundPage() {
  const [values, set] = useSearchParams(search);
  const models = values.models ? values.models.split(',') : [];
  const names = useModelNames();
  const whyNot = useWhyNot('models:call');
  const [system, setSystem] = useState('');
  const [prompt, setPrompt] = useState('');
  const [temperature, setTemperature] = useState<number | ''>('');
  const [maxTokens, setMaxTokens] = useState<number | ''>('');
  const [columns, setColumns] = useState<Column[]>([]);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const ready = models.length > 0 && prompt.trim() !== '' && whyNot === undefined;

  const run = async () => {
    if (!ready || busy) return;
    const controller = new AbortController();
    abort.current = controller;
    setBusy(true);
    setError(undefined);
    setColumns(models.map((model) => ({ model, text: '', done: false })));
    const body = {
      models,
      prompt,
      ...(system.trim() ? { system } : {}),
      parameters: {
        ...(temperature === '' ? {} : { temperature }),
        ...(maxTokens === '' ? {} : { max_completion_tokens: maxTokens }),
      },
    };
    try {
      const request = new Request(new URL('/api/v1/playground/compare', location.origin), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
        body: JSON.stringify(body),
        signal: controller.signal,
      });
      await read(await send(request), (event) => setColumns((old) => apply(old, event)));
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    } finally {
      setBusy(false);
    }
  };
  useKeys('Playground', [{ keys: '$mod+Enter', does: 'Ask the models', act: () => void run(), evenTyping: true }]);

  return (
    <Page
      title="Playground"
      actions={
        busy ? (
          <Button leftSection={<Square size={14} aria-hidden />} onClick={() => abort.current?.abort()}>
            Stop
          </Button>
        ) : (
          <Button
            variant="filled"
            leftSection={<Play size={14} aria-hidden />}
            disabled={!ready}
            title={whyNot ?? (ready ? undefined : 'Name a model and write a prompt first.')}
            onClick={() => void run()}
          >
            Ask the models
          </Button>
        )
      }
    >
      <div className={classes.page}>
        <Panel>
          <div className="stack">
            <TagsInput
              label="Models"
              description={`Up to ${most}; flow/NAME asks a flow`}
              data={names.data ?? []}
              value={models}
              maxTags={most}
              onChange={(value) => set({ models: value.join(',') })}
            />
            <Textarea
              label="System"
              value={system}
              autosize
              minRows={2}
              maxRows={8}
              onChange={(event) => setSystem(event.currentTarget.value)}
            />
            <Textarea
              label="Prompt"
              description={`${printKeys('$mod+Enter')} asks`}
              value={prompt}
              autosize
              minRows={4}
              maxRows={16}
              onChange={(event) => setPrompt(event.currentTarget.value)}
              required
            />
            <div className="row">
              <NumberInput
                label="Temperature"
                min={0}
                max={2}
                step={0.1}
                value={temperature}
                onChange={(value) => setTemperature(typeof value === 'number' ? value : '')}
              />
              <NumberInput
                label="Most tokens"
                min={1}
                allowDecimal={false}
                value={maxTokens}
                onChange={(value) => setMaxTokens(typeof value === 'number' ? value : '')}
              />
            </div>
            <ProblemText error={error} />
          </div>
        </Panel>
        {columns.length === 0 ? (
          <Panel>
            <Empty command="sluice models compare --model A --model B --prompt …">
              Answers stand here side by side. Each call passes the same budgets, limits and guardrails as any other.
            </Empty>
          </Panel>
        ) : (
          <div className={classes.columns}>
            {columns.map((column, index) => (
              <Answer key={`${column.model} ${index}`} column={column} busy={busy} />
            ))}
          </div>
        )}
      </div>
    </Page>
  );
}

function Answer({ column, busy }: { column: Column; busy: boolean }) {
  const status = column.error ? 'failed' : column.done ? 'succeeded' : busy ? 'running' : 'cancelled';
  return (
    <Panel
      title={column.model}
      actions={
        <StatusMark
          status={status}
          word={column.error ? 'failed' : column.done ? 'answered' : busy ? 'answering' : 'stopped'}
        />
      }
    >
      <div className="stack" aria-live="polite" aria-busy={!column.done && busy}>
        {column.error && <p className="error">{column.error}</p>}
        {column.text && <Markdown text={column.text} />}
        {column.tool_calls && <JsonView label="Tool calls" value={column.tool_calls as never} />}
        {column.done && !(column.error && column.cost_usd == null && !column.input_tokens) && (
          <dl className={classes.figures}>
            <Figure
              name="First token"
              value={column.first_token_ms == null ? '' : formatDuration(column.first_token_ms)}
            />
            <Figure name="Took" value={column.duration_ms === undefined ? '' : formatDuration(column.duration_ms)} />
            <Figure name="Tokens" value={`${column.input_tokens ?? 0} in, ${column.output_tokens ?? 0} out`} />
            <Figure name="Cost" value={column.cost_usd == null ? 'not known' : formatMoney(column.cost_usd)} />
            {column.answered_by && column.answered_by !== column.model && (
              <Figure name="Answered by" value={column.answered_by} />
            )}
          </dl>
        )}
        {column.run_id && (
          <Link to="/runs/$id" params={{ id: column.run_id }}>
            The run of the flow
          </Link>
        )}
      </div>
    </Panel>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
