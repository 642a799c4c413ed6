// One key: what it may, where it was used last; its models and limits changed; revoked.

import { NumberInput, TagsInput } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { Link } from '@/components/Link';
import { Facts, Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Loaded } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Id, Money } from '@/components/Values';
import { Who } from '@/components/Who';
import { formatTime } from '@/lib/format';
import { keyState, limitsOf } from './key_form';
import { type ApiKey, useApiKey, useChangeKey, useRevokeKey } from './queries';

export function KeyDetail({ id }: { id: string }) {
  return (
    <Loaded query={useApiKey(id)} what="The key">
      {(key) => <Detail apiKey={key} />}
    </Loaded>
  );
}

function Detail({ apiKey }: { apiKey: ApiKey }) {
  const [asking, setAsking] = useState<'limits' | 'revoke'>();
  const revoke = useRevokeKey(apiKey.id);
  const state = keyState(apiKey);
  return (
    <div className="stack">
      <div className="row wrap">
        <Permitted permission="api-keys:write" disabled={state !== 'active'} onClick={() => setAsking('limits')}>
          Change limits
        </Permitted>
        <Permitted permission="api-keys:write" disabled={state !== 'active'} onClick={() => setAsking('revoke')}>
          Revoke
        </Permitted>
      </div>
      <Facts
        facts={[
          ['Name', apiKey.name],
          ['State', <StatusMark key="state" status={state} />],
          [
            'Begins',
            <span key="prefix" className="mono">
              {apiKey.prefix}…
            </span>,
          ],
          ['Role', apiKey.role],
          ['Limited to', limitsOf(apiKey).join('; ') || 'nothing but its role'],
          ['Last used', <Ago key="used" time={apiKey.last_used_at} empty="never" />],
          ['From', apiKey.last_address],
          ['Ends', apiKey.expires_at ? formatTime(apiKey.expires_at) : 'never'],
          ['Made', <Ago key="made" time={apiKey.created_at} />],
          ['By', <Who key="by" id={apiKey.created_by} />],
          ['Id', <Id key="id" id={apiKey.id} />],
        ]}
      />
      {(apiKey.budgets?.length ?? 0) > 0 && (
        <Panel title="Budgets of its own">
          <ul className="stack">
            {apiKey.budgets?.map((budget) => (
              <li key={budget.id}>
                <Link to="/budgets" search={{ budget: budget.id }}>
                  <Money usd={budget.spent_usd} /> of <Money usd={budget.limit_usd} /> each {budget.window}
                </Link>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel title="Permissions">
        <p className="mono">{(apiKey.permissions ?? []).join('  ')}</p>
      </Panel>
      <Link to="/spend" search={{ api_key: apiKey.id }}>
        Calls with this key
      </Link>
      <ChangeLimits key={asking} apiKey={apiKey} opened={asking === 'limits'} onClose={() => setAsking(undefined)} />
      <Confirm
        opened={asking === 'revoke'}
        onClose={() => setAsking(undefined)}
        title="Revoke key"
        action="Revoke key"
        danger
        onConfirm={() => revoke.mutateAsync(undefined)}
      >
        What uses {apiKey.name} is refused at once. This cannot be undone.
      </Confirm>
    </div>
  );
}

function ChangeLimits({ apiKey, opened, onClose }: { apiKey: ApiKey; opened: boolean; onClose: () => void }) {
  const change = useChangeKey(apiKey.id);
  const [models, setModels] = useState(apiKey.models ?? []);
  const [requests, setRequests] = useState<number | ''>(apiKey.requests_per_minute ?? '');
  const [tokens, setTokens] = useState<number | ''>(apiKey.tokens_per_minute ?? '');
  const number = (value: string | number) => (typeof value === 'number' ? value : ('' as const));
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={`Limits of ${apiKey.name}`}
      action="Save limits"
      onConfirm={() =>
        change.mutateAsync({
          models: models.length > 0 ? models : null,
          requests_per_minute: requests === '' ? null : requests,
          tokens_per_minute: tokens === '' ? null : tokens,
        })
      }
    >
      <div className="stack">
        <TagsInput label="Only these models" description="Empty: all" value={models} onChange={setModels} />
        <div className="two">
          <NumberInput
            label="Calls of models a minute"
            min={1}
            allowDecimal={false}
            value={requests}
            onChange={(value) => setRequests(number(value))}
          />
          <NumberInput
            label="Tokens a minute"
            min={1}
            allowDecimal={false}
            value={tokens}
            onChange={(value) => setTokens(number(value))}
          />
        </div>
      </div>
    </Confirm>
  );
}
