// What stands in for a page that is on its way, failed, or is not there.

import { Button } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { asProblem } from '@/api/problem';
import { Failed, Loading, NotFound } from '@/components/States';
import classes from './RouteStates.module.css';

export function RoutePending() {
  return (
    <main id="main" className={classes.bare} aria-busy>
      <Loading />
    </main>
  );
}

/** A page's own code failed, or the way to it: the workspace is not there, the server does not answer. */
export function RouteFailed({ error }: { error: unknown }) {
  const router = useRouter();
  const problem = asProblem(error);
  const missing = problem.status === 404 && location.pathname.startsWith('/w/');
  return (
    <main id="main" className={classes.bare} data-ready="">
      <h1 className={classes.hidden}>{problem.title}</h1>
      {missing ? (
        <NotFound what="workspace" detail={problem.detail} />
      ) : (
        <Failed error={error} what="This page" onRetry={() => void router.invalidate()} />
      )}
      <div className={classes.ways}>
        <Button component="a" href="/">
          Go to the first page
        </Button>
      </div>
    </main>
  );
}

export function RouteMissing() {
  return (
    <main id="main" className={classes.bare} data-ready="">
      <h1 className={classes.hidden}>No such page</h1>
      <NotFound
        what="page"
        detail={`Nothing is at ${location.pathname}. The address may be mistyped, or of another version.`}
      />
      <div className={classes.ways}>
        <Button component="a" href="/">
          Go to the first page
        </Button>
      </div>
    </main>
  );
}
