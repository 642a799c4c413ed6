import { expect, it } from 'vitest';
import { asProblem, Problem, problemOf, unreachable } from './problem';

it('a problem document becomes a problem with its request', async () => {
  const body = {
    type: 'urn:sluice:problem:conflict',
    code: 'conflict',
    title: 'Conflict',
    status: 409,
    detail: 'It changed.',
    request_id: 'req_1',
    errors: [{ pointer: '/name', message: 'is taken' }],
    version: 7,
  };
  const problem = await problemOf(new Response(JSON.stringify(body), { status: 409 }));
  expect(problem).toMatchObject({
    status: 409,
    code: 'conflict',
    title: 'Conflict',
    detail: 'It changed.',
    requestId: 'req_1',
  });
  expect(problem.mistakes).toEqual([{ pointer: '/name', message: 'is taken' }]);
  expect(problem.body.version).toBe(7);
  expect(problem.isConflict).toBe(true);
  expect(problem.isPassing).toBe(false);
});

it('an answer of something in between is told by its status and request', async () => {
  const problem = await problemOf(
    new Response('<html>Bad gateway</html>', { status: 502, headers: { 'X-Request-Id': 'req_2' } }),
  );
  expect(problem).toMatchObject({ status: 502, title: 'The server answered 502', requestId: 'req_2' });
  expect(problem.isPassing).toBe(true);
});

it('a server that does not answer is worth asking again', () => {
  expect(unreachable().isPassing).toBe(true);
  expect(unreachable().code).toBe('unreachable');
});

it('whatever is thrown can be shown', () => {
  const problem = new Problem(404, { title: 'Not found' });
  expect(asProblem(problem)).toBe(problem);
  expect(asProblem(new TypeError('x is undefined'))).toMatchObject({ status: -1, detail: 'x is undefined' });
  expect(asProblem('words').detail).toBe('words');
});
