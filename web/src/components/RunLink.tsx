// A run by its short id, where its flow's name stands elsewhere.

import { shortId } from '@/lib/ids';
import { Link } from './Link';

export function RunLink({ id }: { id: string }) {
  return (
    <Link to="/runs/$id" params={{ id }} className="mono">
      {shortId(id)}
    </Link>
  );
}
