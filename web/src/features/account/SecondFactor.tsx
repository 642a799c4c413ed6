import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { Panel } from '@/components/Panel';
import { Loaded, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { formatDate, formatNumber } from '@/lib/format';
import classes from './Account.module.css';
import {
  useBeginSecondFactor,
  useConfirmSecondFactor,
  useEndSecondFactor,
  useNewRecoveryCodes,
  useSecondFactor,
} from './queries';

export function SecondFactor() {
  const status = useSecondFactor();
  const [codes, setCodes] = useState<string[]>();
  return (
    <Panel title="Second factor">
      <Loaded query={status} what="The second factor">
        {(factor) => (
          <div className={classes.fields}>
            {codes && <RecoveryCodes codes={codes} onDone={() => setCodes(undefined)} />}
            {factor.enabled ? (
              <>
                <div className="row wrap">
                  <StatusMark status="active" word="On" />
                  <span className="quiet">
                    {factor.confirmed_at && `since ${formatDate(factor.confirmed_at)}; `}
                    {formatNumber(factor.recovery_codes_left, 'recovery code')} left
                  </span>
                </div>
                <Change onCodes={setCodes} />
              </>
            ) : (
              <>
                <StatusMark status="disabled" word="Off" />
                <p className="quiet">
                  With one, signing in also asks for a code of an authenticator app.
                  {factor.required_by.length > 0 && ` Required by: ${factor.required_by.join(', ')}.`}
                </p>
                <Enrol onCodes={setCodes} />
              </>
            )}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Enrol({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const begin = useBeginSecondFactor();
  const confirm = useConfirmSecondFactor();
  const [code, setCode] = useState('');
  if (!begin.data) {
    return (
      <>
        <ProblemText error={begin.error} />
        <Button onClick={() => begin.mutate()} loading={begin.isPending}>
          Set up a second factor
        </Button>
      </>
    );
  }
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        // By its promise: this form may be gone before callbacks of `mutate` are called, and the codes are told only once.
        confirm.mutateAsync(code).then(
          (answer) => onCodes(answer.recovery_codes),
          () => undefined, // what went wrong stands below
        );
      }}
    >
      <div>
        <p>
          1. Add this secret to your authenticator app, or open <a href={begin.data.uri}>this link</a> on the device
          that has it. It is shown once.
        </p>
        <p className={`mono ${classes.secret}`}>{begin.data.secret.replace(/(.{4})/g, '$1 ').trim()}</p>
      </div>
      <TextInput
        label="2. Enter the code that the app shows"
        autoComplete="one-time-code"
        inputMode="numeric"
        required
        withAsterisk={false}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      <ProblemText error={confirm.error} />
      <Button type="submit" variant="filled" loading={confirm.isPending}>
        Switch it on
      </Button>
    </form>
  );
}

function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <div className={classes.form} role="status">
      <p>
        <strong>Keep these recovery codes.</strong> Each signs you in once without the app. They are not shown again.
      </p>
      <ul className={`mono ${classes.codes}`}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="row wrap">
        <Button onClick={() => void navigator.clipboard?.writeText(codes.join('\n'))}>Copy the codes</Button>
        <Button variant="filled" onClick={onDone}>
          I have kept them
        </Button>
      </div>
    </div>
  );
}

/** New codes, or none of it any more. */
function Change({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const end = useEndSecondFactor();
  const renew = useNewRecoveryCodes();
  const [ending, setEnding] = useState(false);
  const [password, setPassword] = useState('');
  const [otp, setOtp] = useState('');
  return (
    <>
      <ProblemText error={renew.error} />
      <div className="row wrap">
        <Button
          loading={renew.isPending}
          onClick={() => renew.mutate(undefined, { onSuccess: (answer) => onCodes(answer.recovery_codes) })}
        >
          Make new recovery codes
        </Button>
        <Button color="danger" onClick={() => setEnding(true)}>
          Switch the second factor off
        </Button>
      </div>
      <Confirm
        opened={ending}
        onClose={() => setEnding(false)}
        title="Switch the second factor off?"
        action="Switch it off"
        danger
        disabled={!otp}
        onConfirm={() => end.mutateAsync({ otp, ...(password ? { password } : {}) })}
      >
        <div className={classes.form}>
          <p>From then on the password alone signs you in.</p>
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          />
          <TextInput
            label="Code of the app, or a recovery code"
            autoComplete="one-time-code"
            value={otp}
            onChange={(event) => setOtp(event.currentTarget.value)}
          />
        </div>
      </Confirm>
    </>
  );
}
