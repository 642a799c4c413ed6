import { SegmentedControl, Switch } from '@mantine/core';
import { Panel } from '@/components/Panel';
import { type Preferences, setPreferences, usePreferences } from '@/lib/preferences';
import classes from './Account.module.css';

/** Kept in this browser. */
export function Appearance() {
  const { theme, density, shortcuts } = usePreferences();
  return (
    <Panel title="How this browser shows it">
      <div className={classes.fields}>
        <Choice
          label="Theme"
          value={theme}
          options={[
            ['system', 'System'],
            ['light', 'Light'],
            ['dark', 'Dark'],
          ]}
          onChange={(value) => setPreferences({ theme: value as Preferences['theme'] })}
        />
        <Choice
          label="Rows of lists"
          value={density}
          options={[
            ['compact', 'Compact'],
            ['usual', 'Usual'],
            ['roomy', 'Roomy'],
          ]}
          onChange={(value) => setPreferences({ density: value as Preferences['density'] })}
        />
        <Switch
          label="Single keys act"
          description="j and k move in lists, g r opens the runs; ? lists all. Keys with Ctrl or Cmd always act."
          checked={shortcuts}
          onChange={(event) => setPreferences({ shortcuts: event.currentTarget.checked })}
        />
      </div>
    </Panel>
  );
}

function Choice(props: {
  label: string;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}) {
  return (
    <div>
      <div className={classes.label}>{props.label}</div>
      <SegmentedControl
        aria-label={props.label}
        value={props.value}
        onChange={props.onChange}
        data={props.options.map(([value, label]) => ({ value, label }))}
      />
    </div>
  );
}
