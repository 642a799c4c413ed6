// Before what was typed is thrown away.

import { Button } from '@mantine/core';
import classes from './Confirm.module.css';

export function Discard({ onKeep, onDiscard }: { onKeep: () => void; onDiscard: () => void }) {
  return (
    <div className={classes.discard} role="alert">
      <p className="grow">What you typed is not saved.</p>
      <Button onClick={onKeep} autoFocus>
        Keep editing
      </Button>
      <Button color="danger" onClick={onDiscard}>
        Discard it
      </Button>
    </div>
  );
}
