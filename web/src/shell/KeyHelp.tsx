import { Modal, Switch } from '@mantine/core';
import { printKeys, useShortcutGroups } from '@/lib/keys';
import { setPreferences, usePreferences } from '@/lib/preferences';
import classes from './KeyHelp.module.css';

/** Which keys act here and now. */
export default function KeyHelp({ onClose }: { onClose: () => void }) {
  const groups = useShortcutGroups();
  const { shortcuts } = usePreferences();
  const titles = [...new Set(groups.map((group) => group.title))];
  return (
    <Modal opened onClose={onClose} title="Keys that work here" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Switch
        className={classes.switch}
        label="Single keys act (those with Ctrl or Cmd always do)"
        checked={shortcuts}
        onChange={(event) => setPreferences({ shortcuts: event.currentTarget.checked })}
      />
      <div className={classes.groups}>
        {titles.map((title) => {
          const rows = groups.filter((group) => group.title === title).flatMap((group) => group.shortcuts);
          if (rows.length === 0) return null;
          return (
            <section key={title}>
              <h3>{title}</h3>
              <dl>
                {rows.map((row) => (
                  <div key={`${row.keys} ${row.does}`} className={classes.row}>
                    <dt>{row.does}</dt>
                    <dd>
                      <kbd>{printKeys(row.keys)}</kbd>
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          );
        })}
      </div>
    </Modal>
  );
}
