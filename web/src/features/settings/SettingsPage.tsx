// What holds for the whole workspace: the second factor, where requests may go, its projects.

import { Button, Radio, Switch, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { projectsQuery, useWhyNot } from '@/api/session';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Loaded, Loading, ProblemText } from '@/components/States';
import { Ago, Id } from '@/components/Values';
import { Who } from '@/components/Who';
import { useCreateProject, useEgress, useRequireSecondFactor, useSetEgress, useWorkspaceSettings } from './queries';

export default function SettingsPage() {
  const workspace = useWorkspaceSettings();
  const egress = useEgress();
  const projects = useQuery(projectsQuery());
  // All at once: what comes later would push the rest.
  const ready = !workspace.isPending && !egress.isPending && !projects.isPending;
  return (
    <Page title="Settings" ready={ready}>
      {ready ? (
        <>
          <Loaded query={workspace} what="The workspace">
            {(found) => (
              <>
                <Panel title={`Workspace ${found.name}`}>
                  <p>
                    Made <Ago time={found.created_at} />, <Id id={found.id} />
                  </p>
                </Panel>
                <SecondFactor required={found.require_second_factor ?? false} />
              </>
            )}
          </Loaded>
          <Egress />
          <Projects />
        </>
      ) : (
        <Loading rows={8} />
      )}
    </Page>
  );
}

function SecondFactor({ required }: { required: boolean }) {
  const change = useRequireSecondFactor();
  const whyNot = useWhyNot('users:write');
  return (
    <Panel title="Sign-in">
      <div className="stack">
        <Switch
          label="Members must have a second factor"
          description={whyNot ?? 'Members without one can do nothing but set one up.'}
          checked={required}
          disabled={whyNot !== undefined || change.isPending}
          onChange={(event) => change.mutate(event.currentTarget.checked)}
        />
        <ProblemText error={change.error} />
      </div>
    </Panel>
  );
}

function Egress() {
  const egress = useEgress();
  const save = useSetEgress();
  const whyNot = useWhyNot('egress:write');
  const [limited, setLimited] = useState<boolean>();
  const [hosts, setHosts] = useState<string[]>();
  return (
    <Panel title="Where requests of flows may go">
      <Loaded query={egress} what="The rules" shape={<Loading rows={3} />}>
        {(found) => {
          const only = limited ?? found.hosts != null;
          const names = hosts ?? found.hosts ?? [];
          const changed = only !== (found.hosts != null) || (only && names.join() !== (found.hosts ?? []).join());
          return (
            <form
              className="stack"
              onSubmit={(event) => {
                event.preventDefault();
                save.mutate({ hosts: only ? names : null });
              }}
            >
              <Radio.Group
                aria-label="Hosts"
                value={only ? 'only' : 'all'}
                onChange={(value) => setLimited(value === 'only')}
              >
                <div className="stack">
                  <Radio value="all" label="To every public host" disabled={whyNot !== undefined} />
                  <Radio value="only" label="Only to these" disabled={whyNot !== undefined} />
                </div>
              </Radio.Group>
              {only && (
                <TagsInput
                  label="Hosts"
                  placeholder="api.example.com, *.example.org"
                  value={names}
                  disabled={whyNot !== undefined}
                  onChange={setHosts}
                />
              )}
              {(found.allow?.length ?? 0) > 0 && (
                <p className="quiet">Internal addresses that are open to it: {found.allow?.join(', ')}</p>
              )}
              <ProblemText error={save.error} />
              <div className="row">
                <Button
                  type="submit"
                  loading={save.isPending}
                  disabled={!changed || whyNot !== undefined}
                  title={whyNot}
                >
                  Save rules
                </Button>
                {found.changed_at && (
                  <span className="meta">
                    changed <Ago time={found.changed_at} /> by <Who id={found.changed_by} />
                  </span>
                )}
              </div>
            </form>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function Projects() {
  const projects = useQuery(projectsQuery());
  const create = useCreateProject();
  const whyNot = useWhyNot('projects:write');
  const [name, setName] = useState('');
  const wrong = name !== '' && !/^[a-z0-9._-]{1,63}$/.test(name);
  return (
    <Panel title="Projects">
      <Loaded query={projects} what="The projects" shape={<Loading rows={2} />}>
        {(found) => (
          <div className="stack">
            <ul>
              {(found.items ?? []).map((project) => (
                <li key={project.id}>
                  {project.name}{' '}
                  <span className="meta">
                    <Ago time={project.created_at} />
                  </span>
                </li>
              ))}
            </ul>
            <form
              className="row"
              onSubmit={(event) => {
                event.preventDefault();
                create.mutate(name, { onSuccess: () => setName('') });
              }}
            >
              <TextInput
                aria-label="Name of the new project"
                placeholder="support"
                value={name}
                error={wrong && "Lower-case letters, digits, '-', '_' and '.'"}
                disabled={whyNot !== undefined}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <Button
                type="submit"
                loading={create.isPending}
                disabled={name === '' || wrong || whyNot !== undefined}
                title={whyNot}
              >
                Create project
              </Button>
            </form>
            <ProblemText error={create.error} />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
