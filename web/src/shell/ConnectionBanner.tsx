import { useQueryClient } from '@tanstack/react-query';
import { WifiOff } from 'lucide-react';
import { useEffect } from 'react';
import classes from './ConnectionBanner.module.css';

/** The server does not answer. It asks again by itself; what is on the page stays. */
export function ConnectionBanner() {
  const client = useQueryClient();
  useEffect(() => {
    const timer = setInterval(() => void client.refetchQueries({ queryKey: ['me'], type: 'active' }), 3_000);
    // Back again: everything that is shown is read anew.
    return () => {
      clearInterval(timer);
      void client.invalidateQueries();
    };
  }, [client]);
  return (
    <div className={classes.banner} role="status">
      <WifiOff size={16} strokeWidth={1.75} aria-hidden />
      <span>
        <strong>The server does not answer.</strong> What is shown may be old; this page asks again by itself.
      </span>
    </div>
  );
}
