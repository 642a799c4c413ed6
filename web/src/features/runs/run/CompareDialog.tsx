// Which run to compare with: one of the same flow, or any by its id.

import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { Dialog } from '@/components/Dialog';
import { Link, useGo } from '@/components/Link';
import { Loaded } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import { kindOfId, shortId } from '@/lib/ids';
import type { Run } from './queries';
import classes from './Run.module.css';

export function CompareDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const go = useGo();
  const [id, setId] = useState('');
  const flow = run.flow.id;
  const others = useQuery({
    queryKey: ['runs', 'of-flow', flow],
    queryFn: ({ signal }) => data(api.GET('/api/v1/runs', { params: { query: { flow, limit: 11 } }, signal })),
  });
  const fits = kindOfId(id.trim()) === 'run' && id.trim() !== run.id;
  return (
    <Dialog onClose={onClose} title="Compare with another run">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (fits) go({ to: '/runs/$id/compare/$other', params: { id: run.id, other: id.trim() } });
        }}
      >
        <Loaded query={others} what="The other runs of the flow">
          {(list) => (
            <ul className={classes.attempts} aria-label="Latest runs of this flow">
              {(list.items ?? [])
                .filter((one) => one.id !== run.id)
                .slice(0, 10)
                .map((one) => (
                  <li key={one.id} className={classes.attempt}>
                    <StatusMark status={one.status} />
                    <Link to="/runs/$id/compare/$other" params={{ id: run.id, other: one.id }}>
                      {shortId(one.id)}
                    </Link>
                    <span className="quiet">v{one.flow.version}</span>
                    <Ago time={one.created_at} />
                  </li>
                ))}
            </ul>
          )}
        </Loaded>
        <TextInput
          label="Or any run, by its id"
          placeholder="run_…"
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
          error={id.trim() !== '' && !fits ? 'Give the whole id of another run' : undefined}
        />
        <div className={classes.formEnd}>
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" variant="filled" disabled={!fits}>
            Compare runs
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
