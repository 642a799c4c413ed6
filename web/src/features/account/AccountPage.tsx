import { Tabs } from '@mantine/core';
import { useMe } from '@/api/session';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { oneOf, searchParams, useSearchParams } from '@/lib/search';
import { Appearance } from './Appearance';
import { ChangePassword } from './ChangePassword';
import { SecondFactor } from './SecondFactor';
import { Sessions } from './Sessions';

const search = searchParams({ tab: oneOf(['you', 'security', 'sessions'], 'you') });

export default function AccountPage() {
  const me = useMe();
  const [{ tab }, set] = useSearchParams(search);
  const person = me.user !== undefined;
  return (
    <Page title="Your account">
      <Tabs value={tab} onChange={(value) => set({ tab: value as 'you' })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="you">You and the look</Tabs.Tab>
          {person && <Tabs.Tab value="security">Password and second factor</Tabs.Tab>}
          {person && <Tabs.Tab value="sessions">Where you are signed in</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="you" pt={12}>
          <div className="stack">
            <Panel title="Signed in as">
              <Facts
                facts={[
                  ['Name', me.user?.name ?? me.principal.name],
                  ...(me.user ? ([['E-mail address', me.user.email]] as [string, string][]) : []),
                  ['Role in the workspace', me.role],
                  ['Workspace', me.workspace.name],
                ]}
              />
              {!person && (
                <p className="meta" style={{ marginTop: 12 }}>
                  This browser came in by a one-time link; it has no account of its own.
                </p>
              )}
            </Panel>
            <Appearance />
          </div>
        </Tabs.Panel>
        {person && (
          <Tabs.Panel value="security" pt={12}>
            <div className="stack">
              <ChangePassword />
              <SecondFactor />
            </div>
          </Tabs.Panel>
        )}
        {person && (
          <Tabs.Panel value="sessions" pt={12}>
            <Sessions />
          </Tabs.Panel>
        )}
      </Tabs>
    </Page>
  );
}
