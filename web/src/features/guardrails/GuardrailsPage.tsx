// Rules that calls of models are judged by, in their order; and what is kept of calls.

import { Button, NumberInput, Select, Switch, TagsInput, TextInput } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useWhyNot } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import type { Column } from '@/components/DataTable';
import { Link } from '@/components/Link';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Empty, Loaded, Loading, ProblemText } from '@/components/States';
import { Ago } from '@/components/Values';
import { formatWord } from '@/lib/format';
import {
  type Guardrail,
  type NewGuardrail,
  useChangeGuardrail,
  useContentPolicy,
  useCreateGuardrail,
  useDeleteGuardrail,
  useGuardrails,
  useSetContentPolicy,
} from './queries';
import { RuleFields } from './RuleFields';
import { emptyRule, type Rule, type RuleType, ruleMistake, ruleTypes, sayRule } from './rule';

const directions: Record<string, string> = { input: 'requests', output: 'answers', both: 'requests and answers' };

/** A guardrail as the API takes it back. */
function bodyOf(rail: Guardrail): NewGuardrail {
  const { name, enabled, position, direction, models, api_keys, flows, projects, rule } = rail;
  return { name, enabled, position, direction, models, api_keys, flows, projects, rule: rule as never };
}

export default function GuardrailsPage() {
  const rails = useGuardrails();
  const whyNot = useWhyNot('providers:write');
  const [editing, setEditing] = useState<Guardrail | 'new'>();
  const [deleting, setDeleting] = useState<Guardrail>();
  const change = useChangeGuardrail();
  const remove = useDeleteGuardrail();
  const button = (
    <Permitted permission="providers:write" icon={Plus} onClick={() => setEditing('new')}>
      Create guardrail
    </Permitted>
  );
  const columns: Column<Guardrail>[] = [
    { key: 'position', title: 'Order', width: 70, align: 'right', render: (rail) => rail.position },
    { key: 'name', title: 'Name', width: 180, render: (rail) => rail.name, card: 'title' },
    { key: 'rule', title: 'Rule', render: (rail) => sayRule(rail.rule) },
    { key: 'direction', title: 'Judges', width: 160, below: 1024, render: (rail) => directions[rail.direction] ?? '' },
    { key: 'of', title: 'Calls', below: 1280, render: scopeOf },
    {
      key: 'on',
      title: 'On',
      width: 70,
      render: (rail) => (
        <Switch
          aria-label={`${rail.name} is on`}
          checked={rail.enabled}
          disabled={whyNot !== undefined || change.isPending}
          onChange={(event) =>
            change.mutate({ id: rail.id, body: { ...bodyOf(rail), enabled: event.currentTarget.checked } })
          }
        />
      ),
      card: 'mark',
    },
    {
      key: 'act',
      title: '',
      width: 150,
      render: (rail) => (
        <span className="row">
          <Permitted permission="providers:write" size="compact-xs" onClick={() => setEditing(rail)}>
            Edit
          </Permitted>
          <Permitted permission="providers:write" size="compact-xs" onClick={() => setDeleting(rail)}>
            Delete
          </Permitted>
        </span>
      ),
    },
  ];
  return (
    <Page title="Guardrails" ready={!rails.isPending} actions={button}>
      <ProblemText error={change.error} />
      <List
        query={rails}
        what="guardrails"
        lines={4}
        empty={
          <Empty action={button} command="sluice guardrails set NAME --rule '{…}'">
            No guardrail yet: requests and answers pass as they come.
          </Empty>
        }
        label="Guardrails"
        rows={rails.data ?? []}
        rowKey={(rail) => rail.id}
        columns={columns}
      />
      <p className="quiet">
        Each finding is an{' '}
        <Link to="/events" search={{ type: 'guardrail.hit' }}>
          event
        </Link>{' '}
        and stands in the row of its call. What was found is in neither.
      </p>
      <ContentPolicyPanel whyNot={whyNot} />
      <GuardrailForm
        key={editing === 'new' ? 'new' : editing?.id}
        rail={editing === 'new' ? undefined : editing}
        opened={editing !== undefined}
        onClose={() => setEditing(undefined)}
      />
      <Confirm
        opened={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        title="Delete guardrail"
        action="Delete guardrail"
        danger
        typed={deleting?.name}
        onConfirm={() => remove.mutateAsync(deleting?.id ?? '')}
      >
        Calls are not judged by it any more.
      </Confirm>
    </Page>
  );
}

function scopeOf(rail: Guardrail): string {
  const said = (
    [
      ['models', rail.models],
      ['keys', rail.api_keys],
      ['flows', rail.flows],
      ['projects', rail.projects],
    ] as [string, string[] | undefined][]
  ).filter(([, names]) => (names?.length ?? 0) > 0);
  return said.length === 0 ? 'all' : said.map(([what, names]) => `${what} ${names?.join(', ')}`).join('; ');
}

function GuardrailForm({ rail, opened, onClose }: { rail?: Guardrail; opened: boolean; onClose: () => void }) {
  const create = useCreateGuardrail();
  const change = useChangeGuardrail();
  const [name, setName] = useState(rail?.name ?? '');
  const [rule, setRule] = useState<Rule>(rail?.rule ?? emptyRule('detect'));
  const [direction, setDirection] = useState<string>(rail?.direction ?? 'both');
  const [position, setPosition] = useState(rail?.position ?? 100);
  const [models, setModels] = useState<string[]>(rail?.models ?? []);
  const [keys, setKeys] = useState<string[]>(rail?.api_keys ?? []);
  const [flows, setFlows] = useState<string[]>(rail?.flows ?? []);
  const [projects, setProjects] = useState<string[]>(rail?.projects ?? []);
  const nameWrong = name.trim() !== '' && !/^[A-Za-z0-9._-]{1,64}$/.test(name.trim());
  const body = {
    name: name.trim(),
    enabled: rail?.enabled ?? true,
    position,
    direction: rule.type === 'schema' ? 'output' : direction,
    models,
    api_keys: keys,
    flows,
    projects,
    rule,
  } as unknown as NewGuardrail;
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={rail ? `Guardrail ${rail.name}` : 'Create guardrail'}
      action={rail ? 'Save guardrail' : 'Create guardrail'}
      disabled={name.trim() === '' || nameWrong || ruleMistake(rule) !== undefined}
      onConfirm={() => (rail ? change.mutateAsync({ id: rail.id, body }) : create.mutateAsync(body))}
    >
      <div className="stack">
        <TextInput
          label="Name"
          value={name}
          maxLength={64}
          error={nameWrong && 'Letters, digits, dots, hyphens and underscores'}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
        />
        <Select
          label="Rule"
          data={ruleTypes.map((value) => ({ value, label: formatWord(value) }))}
          value={rule.type}
          allowDeselect={false}
          onChange={(type) => type && type !== rule.type && setRule(emptyRule(type as RuleType))}
        />
        <RuleFields key={rule.type} rule={rule} onChange={setRule} />
        {rule.type !== 'schema' && (
          <Select
            label="Judges"
            data={Object.entries(directions).map(([value, label]) => ({ value, label }))}
            value={direction}
            allowDeselect={false}
            onChange={(value) => value && setDirection(value)}
          />
        )}
        <NumberInput
          label="Order"
          description="The least is asked first"
          min={0}
          max={1_000_000}
          allowDecimal={false}
          value={position}
          onChange={(value) => typeof value === 'number' && setPosition(value)}
        />
        <TagsInput label="Only calls of these models" placeholder="gpt-*" value={models} onChange={setModels} />
        <TagsInput label="Only of these flows" value={flows} onChange={setFlows} />
        <TagsInput label="Only in these projects" value={projects} onChange={setProjects} />
        <TagsInput label="Only with these keys" placeholder="key_…" value={keys} onChange={setKeys} />
      </div>
    </Confirm>
  );
}

function ContentPolicyPanel({ whyNot }: { whyNot: string | undefined }) {
  const policy = useContentPolicy();
  const save = useSetContentPolicy();
  const [keep, setKeep] = useState<string>();
  const [retention, setRetention] = useState<string>();
  return (
    <Panel title="What is kept of calls">
      <Loaded query={policy} what="The policy" shape={<Loading rows={2} />}>
        {(found) => {
          const kept = keep ?? found.keep ?? 'none';
          const time = retention ?? found.retention ?? '168h';
          const changed = kept !== found.keep || time !== found.retention;
          return (
            <form
              className="row wrap"
              onSubmit={(event) => {
                event.preventDefault();
                save.mutate({ keep: kept as never, retention: time });
              }}
            >
              <Select
                label="Requests and answers"
                data={[
                  { value: 'none', label: 'are not kept' },
                  { value: 'errors', label: 'of calls that failed' },
                  { value: 'all', label: 'of all calls' },
                ]}
                value={kept}
                allowDeselect={false}
                disabled={whyNot !== undefined}
                onChange={(value) => value && setKeep(value)}
              />
              {kept !== 'none' && (
                <TextInput
                  label="For"
                  description="1h to 400d"
                  value={time}
                  disabled={whyNot !== undefined}
                  onChange={(event) => setRetention(event.currentTarget.value)}
                />
              )}
              <Button type="submit" loading={save.isPending} disabled={!changed || whyNot !== undefined} title={whyNot}>
                Save policy
              </Button>
              {found.updated_at && (
                <span className="meta">
                  changed <Ago time={found.updated_at} />
                </span>
              )}
            </form>
          );
        }}
      </Loaded>
      <ProblemText error={save.error} />
    </Panel>
  );
}
